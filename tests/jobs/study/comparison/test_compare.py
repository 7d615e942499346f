"""The comparison on a tiny study: what is in its rows, resuming, and what reaches the advice."""

import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest
from tests.jobs.study.test_study import few, quick

from goodviews.jobs.study.comparison import compare as comparing
from goodviews.jobs.study.comparison import networks, plans
from goodviews.training import supervised

SMALL = {"encoder": "convnet(width=2)", "seeds": 2, "epochs": 1, "label_draws": 1, "per_class": 2}


@pytest.fixture(scope="module")
def generous():
    """Room for the smallest comparison in a study of a second, and short trainings."""
    real = plans.extent

    def small(task, choice, pace, seconds):
        found = real(task, choice, pace, 1e9)
        return replace(found, counts=(4, None), draws=4, shares=(0.1,))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervised, "_LEAST_STEPS", 2)
        patch.setattr(supervised, "_EPOCHS", 0)
        patch.setattr(comparing, "extent", small)
        yield


@pytest.fixture(scope="module")
def made(generous, tmp_path_factory):
    """A study of two tasks, in groups of two images, with its comparison."""
    images, seen, real = few(200), [], networks.fit_and_test
    odd = images.labels["label"] % 2
    images = replace(
        images,
        labels={"odd": odd, "large": (images.labels["label"] > 4).astype(odd.dtype)},
        classes={"odd": ("even", "odd"), "large": ("small", "large")},
        groups=np.arange(200) // 2,
        hash="two",
    )

    def look(plan, work, draw):
        seen.append((work, draw))
        return real(plan, work, draw)

    folder = tmp_path_factory.mktemp("compared") / "s"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "fit_and_test", look)
        result = quick(folder, images, **SMALL)
    return folder, images, result, seen


def rows_of(folder):
    with (folder / "comparison.csv").open() as file:
        return list(csv.DictReader(file))


def test_every_arm_of_a_task_has_the_same_draws(made):
    folder, _, _, _ = made
    rows = rows_of(folder)
    assert {row["task"] for row in rows} == {"odd", "large"}
    arms = {"scratch", "scratch_light", "scratch_view", "probe", "knn", "tuned"}
    for task in ("odd", "large"):
        for each in ("4", ""):
            own = [row for row in rows if (row["task"], row["per_class"]) == (task, each)]
            assert {(r["arm"], r["draw"]) for r in own} == {
                (a, str(d)) for a in arms for d in range(4)
            }
            assert len({(row["labels"], row["tested"]) for row in own}) == 1
            assert {row["seed"] for row in own} == {"0", "1"}


def test_no_network_is_trained_twice_and_no_group_divided(made):
    _, images, _, seen = made
    names = [(work, draw.labels, draw.number) for work, draw in seen]
    assert len(set(names)) == len(names)
    for _, draw in seen:
        assert not np.isin(images.groups[draw.fit], images.groups[draw.test]).any()


def test_the_verdict_holds_the_comparison_and_follows_it(made):
    folder, _, result, _ = made
    for task in result.verdict.tasks:
        found = task.comparison
        own = [row for row in rows_of(folder) if row["task"] == task.task]
        full = [float(r["accuracy"]) for r in own if (r["arm"], r["per_class"]) == ("tuned", "")]
        arm = next(one for one in found.counts[-1].arms if one.name.endswith("fine-tuned"))
        assert arm.accuracy.value == pytest.approx(np.mean(full), abs=1e-4)
        assert task.advice.recommended == (found.decision == "worth")
        assert task.worth.good == (found.decision == "worth")
        assert "Frozen:" in task.worth.answer
        assert "Fine-tuned:" in task.worth.answer
        assert "training from scratch reaches" in task.advice.lead


def test_a_comparison_that_was_stopped_resumes_with_the_same_rows(made, tmp_path):
    old, images, _, _ = made
    folder = tmp_path / "s"
    shutil.copytree(old, folder)
    cells = [p for p in (folder / "cells" / "comparison").glob("*.npz") if "extent" not in p.name]
    for path in sorted(cells)[:3]:
        path.unlink()
    done, real = [], networks.fit_and_test

    def count(plan, work, draw):
        done.append(work)
        return real(plan, work, draw)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "fit_and_test", count)
        quick(folder, images, **SMALL)
    assert len(done) == 3
    assert (folder / "comparison.csv").read_text() == (old / "comparison.csv").read_text()


def test_without_labels_nothing_is_compared(tmp_path, generous):
    result = quick(tmp_path / "s", few(labels=False), **{**SMALL, "seeds": 1})
    assert result.verdict.tasks[0].comparison is None
    assert not (tmp_path / "s" / "comparison.csv").exists()


@pytest.mark.usefixtures("as_shipped")
def test_a_short_study_says_what_the_comparison_would_need(tmp_path, monkeypatch):
    monkeypatch.setattr(comparing, "extent", plans.extent)
    result = quick(tmp_path / "s", few(200), **{**SMALL, "seeds": 1})
    found = result.verdict.tasks[0].comparison
    assert (found.decision, found.counts) == ("none", ())
    assert "--minutes" in found.note
    assert not (tmp_path / "s" / "comparison.csv").exists()
