"""Screening and race: labels are used for selection or reported on, and a stopped one resumes."""

from dataclasses import replace

import numpy as np
import pytest

from goodviews.core.progress import as_report
from goodviews.data import load, splits
from goodviews.jobs.study import study
from goodviews.jobs.study.plan import make_plan
from goodviews.jobs.study.run import run_cells
from goodviews.jobs.study.screening import first as module
from goodviews.jobs.study.screening.design import foldover
from goodviews.jobs.study.screening.entries import Entry, entries
from goodviews.jobs.study.screening.labels import choosing_task
from goodviews.jobs.study.screening.operations import compose, operations
from goodviews.jobs.study.screening.race import Raced, race, survivors
from goodviews.jobs.study.screening.stage import Screened, screen
from goodviews.methods.fitting import simclr_views
from goodviews.training import Settings
from goodviews.training.pace import Lengths, lengths
from goodviews.views import parse_view

TINY = Settings(encoder="convnet(width=4)", batch=32, device="cpu", optimiser="adamw(lr=0.006)")


def _images(count=160, labelled=None, classes=2, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    pixels = rng.random((count, 8, 8)) * 0.5 + labels[:, None, None] / 2 / classes
    if labelled is not None:
        labels = np.where(np.arange(count) < labelled, labels, -1)
    return load((pixels.astype(np.float32), labels))


def _plan(images, **options):
    return make_plan(images, images, views=("identity()",), seeds=(0,), settings=TINY,
                     candidates=None, per_class=5, draws=5, chosen=True, **options)  # fmt: skip


@pytest.mark.parametrize("labelled", [None, 100])
def test_labels_that_choose_are_not_tested_later(labelled):
    images = _images(1600 if labelled else 400, labelled)
    plan = _plan(images)
    task = choosing_task(plan.tasks[0], plan.splits)
    assert task is not None
    reported = plan.tasks[0].items[~plan.tasks[0].choose]
    assert len(reported)
    used = np.unique(np.concatenate([task.items, *(draw.fit for draw in task.draws)]))
    assert not np.isin(task.items, reported).any()
    assert not np.isin(used, reported).any()
    for draw in task.draws:
        assert not np.isin(draw.fit, draw.test).any()


def test_cross_fitted_labels_are_halved_only_where_short_runs_choose():
    images = _images(1600, 100)
    given = make_plan(images, images, views=("identity()",), seeds=(0,), settings=TINY,
                      candidates=None, per_class=5, draws=5)  # fmt: skip
    assert given.tasks[0].crossed
    assert not given.tasks[0].choose.any()
    assert _plan(images).tasks[0].choose.sum() == 50


def test_groups_are_on_one_side_of_the_choice():
    images = _images(1600, 200)
    groups = np.arange(1600) // 4
    plan = _plan(replace(images, groups=groups))
    task = plan.tasks[0]
    assert task.choose.any()
    assert not np.isin(groups[task.items[task.choose]], groups[task.items[~task.choose]]).any()


def test_too_few_labels_choose_nothing():
    images = _images(1600, 30)
    assert choosing_task(_plan(images).tasks[0], splits(images)) is None


def _screened(found, nats):
    design = foldover(len(found))
    views = tuple(compose(found, row > 0) for row in design)
    scores = nats(design)
    return Screened(found, design, views, ("label",), scores[None], scores[None],
                    np.zeros(len(views)), 100)  # fmt: skip


def test_what_helped_is_combined_and_what_hurt_is_left_out():
    found = operations("natural", 3, 32)
    names = [one.name for one in found]
    good = {"noise", "rotation", "grey"}
    signs = np.array([0.1 if name in good else -0.1 for name in names])
    made = entries(_screened(found, lambda design: design @ signs), kind="natural", channels=3,
                   side=32)  # fmt: skip
    best = next(one.view for one in made if one.source == "all that helped")
    assert best == compose(found, [name in good for name in names])
    assert len({one.view for one in made}) == len(made)
    assert any(one.source == "simclr()" for one in made)
    for one in made:
        parse_view(one.view).check((3, 32, 32))


def test_grey_images_race_without_presets_of_colour():
    found = operations("general", 1, 32)
    made = entries(_screened(found, lambda design: design[:, 0] * 0.1), kind="general", channels=1,
                   side=32)  # fmt: skip
    assert not any("infomin" in one.source for one in made)
    for one in made:
        parse_view(one.view).check((1, 32, 32))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 13])
def test_the_views_of_simclr_race_whatever_the_channels(channels):
    found = operations("general", channels, 32)
    made = entries(_screened(found, lambda design: design[:, 0] * 0.1), kind="general",
                   channels=channels, side=32)  # fmt: skip
    assert simclr_views(channels) in [one.view for one in made]


def test_survivors_are_the_better_half_for_each_task():
    nats = np.array([[4.0, 3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 2.0, 3.0, 4.0]])
    assert survivors(nats[:1], range(5)) == [0, 1, 2]
    assert survivors(nats, range(5)) == [0, 1, 2, 3, 4]
    assert survivors(nats[:1], [3, 4]) == [3]


def test_the_best_of_a_race_lasted_longest():
    nats = np.array([[0.5, 0.9, 0.1]])
    made = [Entry(name, "") for name in "abc"]
    raced = Raced(tuple(made), np.array([400, 100, 400]), nats, nats)
    assert raced.best(2) == ["a", "c"]
    assert [one.view for one in raced.records(0)] == ["a", "c", "b"]


def test_the_winner_of_a_race_is_continued_twice_and_a_race_resumes(tmp_path, monkeypatch):
    images = _images(200)
    plan = _plan(images)
    task = choosing_task(plan.tasks[0], plan.splits)
    made = [Entry(spec, "") for spec in ("noise(0.1)", "identity()")]
    way = {"shown": 128, "jobs": 0, "progress": as_report(None)}
    found = race(plan, [task], made, folder=tmp_path, **way)
    assert found.shown.max() == 4 * found.shown.min()
    assert found.best(1) == [made[int(found.shown.argmax())].view]
    assert not (tmp_path / "screening" / "steady").exists()
    monkeypatch.setattr("goodviews.jobs.study.run.run_cell", None)
    again = race(plan, [task], made, folder=tmp_path, **way)
    np.testing.assert_array_equal(found.nats, again.nats)


def test_a_failed_run_of_the_design_does_not_move_the_effects(tmp_path, monkeypatch):
    images = _images(200)
    plan = _plan(images)
    task = choosing_task(plan.tasks[0], plan.splits)
    found = operations("symbols", 1, 8)[:3]
    way = {"shown": 64, "jobs": 0, "progress": as_report(None), "folder": tmp_path}
    whole = screen(plan, [task], found, **way)

    def one_fails(*given, **options):
        done = run_cells(*given, **options)
        lost = next(iter(done.results))
        done.failed[lost] = "The loss is not finite."
        del done.results[lost]
        return done

    monkeypatch.setattr("goodviews.jobs.study.screening.stage.run_cells", one_fails)
    broken = screen(plan, [task], found, **way)
    np.testing.assert_array_equal(broken.nats[0, 1:], whole.nats[0, 1:])
    assert broken.nats[0, 0] == pytest.approx(whole.nats[0, 1:].mean())
    assert broken.shared[0] == pytest.approx(whole.shared[1:].mean())


def test_lengths_fit_the_time_within_their_range():
    short = lengths(1e-3, seconds=60, runs=32, finals=15)
    assert (short.screened, short.shown) == (2_000, 10_000)
    assert short.seconds > 60
    long = lengths(1e-4, seconds=36_000, runs=32, finals=15)
    assert (long.screened, long.shown) == (10_000, 80_000)
    middle = lengths(4e-4, seconds=1200, runs=32, finals=15)
    assert middle.seconds == pytest.approx(1200, rel=0.02)
    assert "smaller --size" in short.words(60, 2)
    assert "--minutes changes that" in middle.words(1200, 2)


@pytest.mark.slow
def test_a_study_without_views_names_one_and_resumes(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "planned_lengths", lambda *_, **__: Lengths(64, 128, 1.0))
    monkeypatch.setattr("goodviews.jobs.study.job.planned_lengths", module.planned_lengths)
    options = {"out": tmp_path / "study", "seeds": 2, "label_draws": 2, "page": True, "jobs": 0,
               "encoder": "convnet(width=4)"}  # fmt: skip
    found = study(_images(240), **options)
    assert found.best_view in {row.view for row in found.rows}
    assert len(found.verdict.screening[0].operations) == 8
    assert "What each operation does" in (tmp_path / "study" / "index.html").read_text()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("study/**/cells/*.npz")}
    again = study(_images(240), **options)
    assert again.best_view == found.best_view
    assert before == {path: path.stat().st_mtime_ns for path in before}
