import shlex
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.core.files import read_json
from goodviews.core.records.rows import read_rows
from goodviews.core.records.verdict import Verdict
from goodviews.data import load, splits
from goodviews.encoders import load_encoder
from goodviews.evaluation.seen import read_seen, share_seen
from goodviews.jobs.evaluate import evaluate
from goodviews.jobs.pretrain import pretrain
from goodviews.jobs.study import readings, study
from goodviews.jobs.study import run as running
from goodviews.spec.lists import read_spec
from goodviews.training.small import small_settings
from goodviews.views import parse_view

VIEWS = ("crop(scale=(0.2, 1))", "identity()")


def few(count=300, *, labels=True, channels=1):
    whole = load("digits")
    pixels = np.repeat(whole.pixels[:count], channels, axis=1)
    named = {task: column[:count] for task, column in whole.labels.items()} if labels else {}
    return replace(
        whole,
        pixels=pixels,
        labels=named,
        classes=whole.classes if labels else {},
        part=np.zeros(count, np.int8),
        hash=f"test-{count}-{labels}-{channels}",
    )


def quick(out, images=None, **options):
    given = {"views": VIEWS, "seeds": 2, "epochs": 2, "label_draws": 2, "per_class": 3, "jobs": 0}
    given["page"] = False
    return study(images or few(), out=out, **{**given, **options})


def timeless(rows):
    return [replace(row, seconds=None) for row in rows]


def test_a_study_leaves_the_folder_that_a_page_needs(tmp_path):
    stages = []
    result = quick(tmp_path / "s", progress=lambda *at: stages.append(at))
    rows = read_rows(tmp_path / "s" / "rows.csv")
    roles = [row.role for row in rows]
    assert [roles.count(r) for r in ("candidate", "twin", "baseline")] == [4, 2, 5]
    assert all(row.undertrained for row in rows if row.role == "candidate")  # two epochs
    assert all(0 <= row.readout_top1 <= 1 and row.usable_nats < 2.31 for row in rows)
    known = {row.view: row for row in rows if row.seed == 0}
    assert known["identity()"].view_nats == known["raw pixels"].image_nats  # the same pixels
    assert [row.seed for row in rows if row.view_nats is not None] == [0, 0]  # once per view
    same = [row for row in rows if row.view == "identity()"]
    assert all(row.estimate_nats <= row.ceiling_nats for row in same)
    for name in ("run.json", "verdict.json", "items.npz", "pairs/v-1-0.webp", "pairs/v-2-5.webp"):
        assert (tmp_path / "s" / name).exists()
    assert stages[0] == ("runs finished", 0, 11)
    assert stages[-1] == ("runs finished", 11, 11)
    assert result.verdict == Verdict.read(tmp_path / "s" / "verdict.json")
    assert str(tmp_path) not in (tmp_path / "s" / "run.json").read_text()


def test_the_next_command_of_a_study_from_python_reads_the_same_data_and_labels(tmp_path):
    photos, table = tmp_path / "photos", tmp_path / "few.csv"
    photos.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (80, 8, 8), dtype=np.uint8)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(photos / f"{number}.png")
    table.write_text("\n".join(["image,sort", *(f"{n}.png,{n % 2}" for n in range(80))]))
    small = {"seeds": 1, "epochs": 1, "encoder": "convnet(width=4)", "per_class": 10}
    result = quick(tmp_path / "s", photos, labels=table, views="identity()", **small)
    words = shlex.split(result.command)
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert words[:3] == ["goodviews", "study", str(photos)]
    assert given.pop("--seeds") != "1"  # what it says to change
    assert given == {
        "--labels": str(table), "--out": str(tmp_path / "s"), "--views": "identity()",
        "--epochs": "1", "--encoder": "convnet(width=4)",
    }  # fmt: skip
    assert str(tmp_path) not in (tmp_path / "s" / "verdict.json").read_text()


def test_a_stopped_study_ends_with_the_rows_of_one_that_was_not(tmp_path, monkeypatch):
    whole = quick(tmp_path / "whole")
    real, done = running.run_cell, []

    def stop(plan, cell, tick):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(cell)
        return real(plan, cell, tick)

    monkeypatch.setattr(running, "run_cell", stop)
    with pytest.raises(KeyboardInterrupt):
        quick(tmp_path / "cut")
    monkeypatch.setattr(running, "run_cell", real)
    (tmp_path / "cut" / "cells" / "half.npz").write_bytes(b"half written")
    resumed = quick(tmp_path / "cut")
    assert timeless(resumed.rows) == timeless(whole.rows)
    assert read_json(tmp_path / "cut" / "run.json")["cells"]["resumed"] == 3
    with (
        np.load(tmp_path / "whole" / "items.npz") as a,
        np.load(tmp_path / "cut" / "items.npz") as b,
    ):
        assert all(np.array_equal(a[name], b[name]) for name in a.files)


def test_a_broken_cell_is_done_again(tmp_path):
    first = quick(tmp_path / "s")
    broken = sorted((tmp_path / "s" / "cells").glob("candidate-*.npz"))[0]
    broken.write_bytes(broken.read_bytes()[:100])
    assert timeless(quick(tmp_path / "s").rows) == timeless(first.rows)


@pytest.mark.usefixtures("as_shipped")
def test_workers_give_the_rows_of_one_process(tmp_path):
    alone = quick(tmp_path / "alone", seeds=1)
    workers = quick(tmp_path / "workers", seeds=1, jobs=2)
    assert timeless(alone.rows) == timeless(workers.rows)


def test_a_folder_with_another_study_is_left_alone(tmp_path):
    quick(tmp_path / "s", seeds=1)
    before = (tmp_path / "s" / "rows.csv").read_bytes()
    for other in ({"epochs": 3}, {"views": ["flip()", "identity()"]}, {"images": few(280)}):
        with pytest.raises(InputError, match="--out"):
            quick(tmp_path / "s", **{"seeds": 1, **other})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="not a study folder"):
        quick(tmp_path / "mine")
    assert (tmp_path / "s" / "rows.csv").read_bytes() == before


def test_a_study_grows_by_seeds_and_views(tmp_path):
    small = quick(tmp_path / "s", seeds=1)
    grown = quick(tmp_path / "s", seeds=2, views=[*VIEWS, "flip()"])
    kept = [row for row in grown.rows if row.seed == 0 and row.view != "flip()"]
    assert kept == small.rows


def test_without_labels_views_are_ordered_by_nats_and_nothing_is_advised(tmp_path, monkeypatch):
    monkeypatch.setattr("goodviews.jobs.study.verdict.ranking.MEASURED", ())
    result = quick(tmp_path / "s", few(labels=False))
    task = result.verdict.tasks[0]
    assert task.wording == "no_labels"
    assert (result.best_view, result.recommended, result.encoders) == (None, False, ())
    assert not list((tmp_path / "s").glob("best_view*"))
    assert not (tmp_path / "s" / "encoders").exists()
    nats = [view.nats.value for view in task.views]
    assert nats == sorted(nats)


def test_every_label_column_is_a_task(tmp_path):
    images = few()
    digit = images.labels["label"]
    images = replace(
        images,
        labels={"digit": digit, "odd": digit % 2},
        classes={"digit": tuple("0123456789"), "odd": ("even", "odd")},
        hash="two",
    )
    result = quick(tmp_path / "s", images, seeds=1)
    assert [task.task for task in result.verdict.tasks] == ["digit", "odd"]
    assert {row.task for row in result.rows} == {"digit", "odd"}
    shared = result.verdict.compromise
    assert result.best_view == shared.view == read_spec(tmp_path / "s" / "best_view.txt")
    for task in result.verdict.tasks:
        file = tmp_path / "s" / f"best_view-{task.task}.txt"
        assert read_spec(file) == task.advice.spec
        assert f"{task.task}: {task.advice.head}" in result.advice
    assert shared.lead in result.advice
    assert shared.more.replace("`", "") in result.advice
    assert [row.task for row in shared.tasks] == ["digit", "odd"]


def test_the_encoders_of_the_best_view_are_kept_like_those_of_a_run(tmp_path):
    images = few()
    result = quick(tmp_path / "s", images)
    assert [home.name for home in result.encoders] == ["best_view-seed-0", "best_view-seed-1"]
    for home in result.encoders:
        encoders, about = load_encoder(home)
        assert about == read_json(home / "passport.json")
        assert (about["views"], about["seed"]) == (result.best_view, int(home.name[-1]))
        seen = read_seen(home, about)
        assert share_seen(seen, images, splits(images).pretrain) == 1
        assert share_seen(seen, images, splits(images).held_out) == 0
        assert repr(parse_view(about["views"])) == about["views_spelt"]
        assert encoders.represent(images.batch(np.arange(2))).shape[0] == 2
    found = evaluate(result.encoders[0], images, protocols=["knn"], seeds=1, out=tmp_path / "e")
    assert any("None of the" in note for note in found.notes)
    held = sum(path.stat().st_size for path in (tmp_path / "s" / "cells").glob("*.safetensors"))
    assert len(list((tmp_path / "s" / "cells").glob("*.safetensors"))) == 2
    assert held < 2**22
    run = pretrain(
        images, start=result.encoders[1], views=tmp_path / "s" / "best_view.txt", epochs=1,
        out=tmp_path / "p",
    )  # fmt: skip
    assert run.settings.encoder == encoders.made_of["encoder"]


def test_encoders_of_a_view_that_is_no_longer_the_best_go_and_missing_ones_come(
    tmp_path, monkeypatch
):
    first = quick(tmp_path / "s", seeds=1)
    home = tmp_path / "s" / "encoders" / "best_view-seed-0"
    weights = (home / "encoder.safetensors").read_bytes()
    (home / "encoder.safetensors").unlink()
    for path in (tmp_path / "s" / "cells").glob("*.safetensors"):
        path.unlink()
    (tmp_path / "s" / "encoders" / "best_view-odd-seed-7").mkdir()
    (tmp_path / "s" / "encoders" / "best_view-odd-seed-7" / "seen.npy").touch()
    again = quick(tmp_path / "s", seeds=1)
    assert again.best_view == first.best_view
    assert (home / "encoder.safetensors").read_bytes() == weights  # trained again, the same
    assert [path.name for path in (tmp_path / "s" / "encoders").iterdir()] == [home.name]
    grown = quick(tmp_path / "s", seeds=3)
    names = sorted(path.name for path in (tmp_path / "s" / "encoders").iterdir())
    assert names == [one.name for one in grown.encoders]
    for one in grown.encoders:
        assert load_encoder(one)[1]["views"] == grown.best_view


def test_few_labels_are_cross_fitted_and_never_pretrained_on(tmp_path):
    images = few(1500)
    column = np.where(np.arange(1500) % 10 == 0, images.labels["label"], -1)
    result = quick(tmp_path / "s", replace(images, labels={"label": column}, hash="few"), seeds=2)
    about = read_json(tmp_path / "s" / "run.json")["splits"]
    assert "folds" in about["protocol"]
    assert about["test"] == 150
    assert result.rows[0].readout_top1 > 0.2


def test_other_data_can_be_read_out_on(tmp_path):
    result = quick(tmp_path / "s", few(labels=False), task_data=few(400), seeds=1)
    assert result.rows[0].task == "label"
    with pytest.raises(InputError, match="no labels"):
        quick(tmp_path / "t", few(), task_data=few(400, labels=False))
    with pytest.raises(InputError, match="1 channel, but"):
        quick(tmp_path / "t", few(), task_data=few(400, channels=3))


def test_two_specs_train_two_encoders_on_any_channels(tmp_path):
    result = quick(
        tmp_path / "s", few(channels=5), views=["crop()|blur() // crop()", "noise()"], seeds=1
    )
    assert result.rows[0].view == "crop()|blur() // crop()"
    with pytest.raises(InputError, match="1 or 3 channels"):
        quick(tmp_path / "t", few(channels=5), views=["jitter()"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"views": ["crap()"]}, "crop"),
        ({"views": ["crop(scale=(0.001, 0.002))"]}, "less than one pixel"),
        ({"views": ["crop()", "crop()"]}, "twice"),
        ({"views": []}, "No views"),
        ({"seeds": 0}, "--seeds"),
        ({"candidates": 10_000}, "--candidates"),
        ({"device": "tpu"}, "cpu"),
        ({"encoder": "convnot()"}, "convnet"),
        ({"objective": "infonci()"}, "infonce"),
        ({"epochs": 0}, "at least 1"),
        ({"images": few(40)}, "at least 64"),
    ],
)
def test_what_cannot_be_used_gets_one_sentence_and_leaves_nothing(tmp_path, options, words):
    with pytest.raises(InputError, match=words) as error:
        quick(tmp_path / "s", **options)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "s").exists()


def test_a_view_whose_loss_breaks_is_left_out_and_named(tmp_path, monkeypatch):
    real = running.run_cell

    def fail(plan, cell, tick):
        if cell.view == "flip()" and cell.seed == 1:
            raise InputError("The loss is nan at step 3.")
        return real(plan, cell, tick)

    monkeypatch.setattr(running, "run_cell", fail)
    result = quick(tmp_path / "s", views=[*VIEWS, "flip()"])
    task = result.verdict.tasks[0]
    assert sorted(view.view for view in task.views) == sorted(VIEWS)
    failed = [check for check in result.verdict.trust if check.name == "Runs finished"]
    assert "The loss is nan" in failed[0].text


@pytest.mark.parametrize("size", [16, 12])
def test_by_default_a_study_takes_the_small_settings_and_scratch_the_plain_encoder(
    size, tmp_path, monkeypatch
):
    """The smallest view counts; training from scratch never has patches unless asked."""
    taken, real = [], readings.train_supervised

    def spy(*arguments, settings, **options):
        taken.append(settings.encoder)
        return real(*arguments, settings=settings, **options)

    monkeypatch.setattr(readings, "train_supervised", spy)
    views = ["identity()", f"crop(size={size})"]
    quick(tmp_path / "s", views=views, seeds=1)
    about, wanted = read_json(tmp_path / "s" / "run.json"), small_settings(size)
    assert about["encoder"] == wanted.encoder
    assert about["optimiser"] == wanted.optimiser
    assert about["precision"] in ("32-true", "bf16-mixed")
    assert set(taken) == {"convnet(width=16)"}
    assert ("from scratch" in about["splits"]["protocol"]) == (size == 16)
    taken.clear()
    quick(tmp_path / "t", views=views, seeds=1, encoder="convnet(width=4)")
    assert set(taken) == {"convnet(width=4)"}
