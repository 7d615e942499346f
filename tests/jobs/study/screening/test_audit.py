"""A user's own view, without each step and with each operation that it lacks."""

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.jobs.study import study
from goodviews.jobs.study.screening.audit import paired_effects, together, variants
from goodviews.jobs.study.screening.operations import operations
from goodviews.training.pace import Lengths
from goodviews.views import parse_view


def test_each_step_is_left_out_once_and_no_step_is_added_twice():
    found = operations("natural", 3, 32)
    made = variants("simclr()", found)
    steps = [repr(step) for step in parse_view("simclr()").first.steps]
    assert [one.spec for one in made if not one.added] == steps
    added = {one.name for one in made if one.added}
    assert {"noise", "rotation", "cutout"} <= added
    assert not added & {"flip", "grey", "blur", "stronger crops"}
    for one in made:
        parse_view(one.view).check((3, 32, 32))


def test_nothing_is_added_behind_a_step_that_must_be_last():
    made = variants("crop()|colour('ydbdr')", operations("natural", 3, 32))
    for one in made:
        if one.added:
            assert parse_view(one.view).first.steps[-1].name == "colour"


def test_two_different_sides_are_refused():
    with pytest.raises(InputError, match="two sides are alike"):
        variants("crop() // flip()", operations("natural", 3, 32))


def test_all_that_helped_is_put_together():
    found = operations("natural", 3, 32)
    made = variants("crop()|flip()", found)
    better = [one for one in made if one.spec == "flip()" or one.name == "noise"]
    assert together("crop()|flip()", better) == "crop()|noise(0.05)"


def test_differences_to_the_view_hold_at_once_in_95_of_100():
    rng, repeats = np.random.default_rng(0), 2000
    wrong = 0
    for _ in range(repeats):
        scores = rng.normal(size=(8, 3)) + rng.normal(size=3)
        wrong += any(one.low > 0 or one.high < 0 for one in paired_effects(scores))
    assert 0.01 < wrong / repeats < 0.05 + 4 * np.sqrt(0.05 * 0.95 / repeats)


def test_the_seed_that_runs_share_does_not_count():
    scores = np.array([[1.0, 2.0, 3.0], [1.5, 2.5, 3.5], [1.0, 2.0, 3.0]])
    first, second = paired_effects(scores)
    assert (first.value, second.value) == (0.5, 0.0)
    assert first.half == pytest.approx(0)


@pytest.mark.slow
def test_an_audit_compares_the_view_with_its_variants(tmp_path, monkeypatch):
    planned = Lengths(64, 128, 1.0)
    monkeypatch.setattr("goodviews.jobs.study.job.planned_lengths", lambda *_, **__: planned)
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 2
    data = (rng.random((240, 8, 8)) / 2 + labels[:, None, None] / 4).astype(np.float32), labels
    found = study(data, audit="crop()|noise(0.1)", out=tmp_path / "study", seeds=2, label_draws=2,
                  jobs=0, encoder="convnet(width=4)")  # fmt: skip
    texts = [one.text for one in found.verdict.screening[0].operations]
    assert sum(text.startswith("Your") for text in texts) == 2
    assert repr(parse_view("crop()|noise(0.1)")) in {row.view for row in found.rows}
    assert ">Your <" in (tmp_path / "study" / "index.html").read_text()


def test_an_audit_without_labels_is_refused(tmp_path):
    with pytest.raises(InputError, match="--audit compares by labels"):
        study(np.zeros((80, 8, 8)), audit="crop()", out=tmp_path / "study")
    with pytest.raises(InputError, match="either --audit or --views"):
        study("digits", audit="crop()", views="crop()", out=tmp_path / "study")
