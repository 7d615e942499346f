"""Shared by all tests: one thread per worker, a seeded generator, device and precision."""

import importlib
import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from goodviews.core import plugins
from goodviews.training import supervised

torch.set_num_threads(1)
# Most tests of studies need neither a good baseline nor a good reading: see ``as_shipped``.
_READING = importlib.import_module("goodviews.evaluation.label_information")
_STEPS, supervised._LEAST_STEPS = supervised._LEAST_STEPS, 40
_RANKS, _READING._RANKS = _READING._RANKS, ()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default="cpu", help="where tensors of the tests live")
    parser.addoption("--dtype", default="float64", help="precision of the laws: float32, float64")


@pytest.fixture(autouse=True)
def only_our_names() -> Iterator[None]:
    """Views, objectives, methods and worlds that a test registers go with it."""
    yield
    plugins._loaded.clear()
    for registry in plugins._REGISTRIES:
        for name, home in list(registry._homes.items()):
            if not home.startswith("goodviews."):
                del registry[name]


@pytest.fixture
def as_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training from scratch is as long, and a view is read with as many directions, as for users.

    Workers and other processes are always like that.
    """
    monkeypatch.setattr(supervised, "_LEAST_STEPS", _STEPS)
    monkeypatch.setattr(_READING, "_RANKS", _RANKS)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> torch.device:
    return torch.device(request.config.getoption("--device"))


@pytest.fixture
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    return getattr(torch, request.config.getoption("--dtype"))


@pytest.fixture
def rng(device: torch.device) -> torch.Generator:
    return torch.Generator(device=device).manual_seed(0)
