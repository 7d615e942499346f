import platform
import subprocess
import sys

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.training import Settings
from goodviews.training.machine import launch, make_fabric, resolve_precision, reuse_memory

glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other allocators are left alone"
)


PAGES = """
import resource, torch
from goodviews.training.machine import reuse_memory

def pages_asked_for(turns):
    torch.zeros(16 << 20).add_(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(turns):
        torch.zeros(16 << 20).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

with reuse_memory(torch.device("cpu")):
    print(pages_asked_for(8))
print(pages_asked_for(8))
"""
"""Counts the pages that the system gives while 64 MB are written and freed, again and again.

It runs in a process of its own, where no hole of another test is large enough for the 64 MB.
"""


@glibc
def test_memory_stays_while_a_model_trains_and_goes_back_afterwards():
    pages = (64 << 20) // 4096
    words = [sys.executable, "-c", PAGES]
    during, after = map(int, subprocess.run(words, capture_output=True, check=True).stdout.split())
    assert during <= 2 * pages
    assert after >= 8 * pages // 512  # huge pages hold 512


@glibc
def test_it_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("GOODVIEWS_KEEP_MEMORY", "0")
    called = []
    monkeypatch.setattr("ctypes.CDLL", lambda name: called.append(name))
    with reuse_memory(torch.device("cpu")):
        pass
    assert not called


def test_other_devices_and_allocators_are_left_alone(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: pytest.fail("asked for the C library"))
    with reuse_memory(torch.device("cuda")):
        pass
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    with reuse_memory(torch.device("cpu")):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="counts the pages of Linux")
def test_an_error_inside_is_not_swallowed():
    with pytest.raises(RuntimeError, match="inside"), reuse_memory(torch.device("cpu")):
        raise RuntimeError("inside")


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        ({"avx512_bf16": True}, "bf16-mixed"),
        ({"amx_bf16": True, "avx512_bf16": False}, "bf16-mixed"),
        ({"avx512_bf16": False, "avx2": True}, "32-true"),
        ({}, "32-true"),
    ],
)
def test_the_precision_is_the_fastest_that_the_processor_has(found, chosen, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert resolve_precision("auto", "cpu") == chosen
    assert resolve_precision("auto", "mps") == "32-true"
    for name in ("32-true", "64-true", "bf16-mixed"):
        assert resolve_precision(name, "cpu") == name
    assert launch(Settings(device="cpu", precision="auto"))._precision.precision == chosen


def test_a_torch_that_cannot_tell_computes_in_float32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert resolve_precision("auto", "cpu") == "32-true"


def test_a_choice_of_precision_prints_nothing(caplog, capfd):
    make_fabric("cpu", "bf16-mixed", devices=1)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_a_precision_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="precision auto, 32-true or bf16-mixed"):
        launch(Settings(device="cpu", precision="fast"))
