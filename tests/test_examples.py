"""The examples run, are short, and what they print is true."""

import math
import runpy
from pathlib import Path

import pytest
import torch

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.fixture(autouse=True)
def same_generator_after():
    state = torch.random.get_rng_state()
    yield
    torch.random.set_rng_state(state)


def run(name, **options):
    (file,) = [file for file in EXAMPLES if file.stem == name]
    return runpy.run_path(str(file))["main"](**options)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_example_is_short_and_is_run_here(file):
    assert len(file.read_text("utf8").splitlines()) < 60
    assert f'run("{file.stem}"' in Path(__file__).read_text("utf8")


def test_views_that_share_more_are_said_to_share_more(capsys):
    wide = run("nats_two_views_share", view="noise(std=0.05)", epochs=4)
    narrow = run("nats_two_views_share", view="crop(scale=(0.02, 0.05))", epochs=4)
    assert wide.nats - narrow.nats > 3 * math.hypot(wide.stderr_nats, narrow.stderr_nats)
    assert wide.ceiling_nats == math.log(256)
    assert "noise(std=0.05) shares >= " in capsys.readouterr().out


def test_the_bound_of_own_embeddings_is_log_k_less_the_loss(capsys):
    found, loss = run("your_own_embeddings", steps=60)
    assert found.nats == pytest.approx(math.log(256) - loss, abs=1e-4)
    assert 1 < found.nats <= math.log(256)
    assert "lower bound" in capsys.readouterr().out


def test_views_feed_a_plain_loop_that_learns(capsys):
    losses = run("views_in_a_plain_loop", epochs=20)
    first, last = (sum(part) / len(part) for part in (losses[:4], losses[-4:]))
    assert last < first - 0.2
    assert last > 0
    assert "crop(scale=(0.2, 1))|flip()" in capsys.readouterr().out


def test_views_and_torchvision_hold_each_other(capsys):
    pytest.importorskip("torchvision")
    apart, made = run("views_with_torchvision")
    assert made.shape == (3, 24, 24)
    assert (apart.abs().amax(dim=(1, 2, 3)) > 0.01).all()
    assert "twice the same: True" in capsys.readouterr().out


def test_views_feed_a_loop_of_lightly(capsys):
    pytest.importorskip("lightly", reason="lightly is not installed")
    losses = run("views_with_lightly", steps=2)
    assert len(losses) == 2
    assert all(0 < loss < 2 * math.log(31) for loss in losses)
    assert "simclr(size=32, strength=0.5)" in capsys.readouterr().out
