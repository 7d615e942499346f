"""What a run of its own data gets: rules that are true, readouts or none, an end on collapse."""

import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.data import Images, digits
from goodviews.encoders import load_encoder
from goodviews.jobs.pretrain import job, pretrain
from goodviews.methods import METHODS, method
from goodviews.methods.adapt import OLDEST, adapted_settings, oldest_key
from goodviews.spec.grammar import parse_spec
from goodviews.training import Settings, change
from goodviews.training.diagnostics.health import FATAL, CollapseError
from goodviews.training.log import read_log

SMALL = ["encoder=convnet(width=4)", "head=projector(dim=8)", "batch=32"]


def images(count=96, labels=True, size=8):
    rng = np.random.default_rng(0)
    given = {"kind": np.arange(count, dtype=np.int64) % 3} if labels else {}
    return Images(
        name="planted",
        pixels=rng.integers(0, 256, (count, 1, size, size), dtype=np.uint8),
        scale=(0.0, 255.0),
        labels=given,
        classes={"kind": ("a", "b", "c")} if labels else {},
        skipped=(),
        source="Random patterns.",
        range_note="Counts were divided by 255.",
        hash="0" * 16,
    )


def test_the_encoder_on_disk_gives_the_features_of_the_one_in_memory(tmp_path):
    run = pretrain(images(), out=tmp_path, views="noise(std=0.1)", changes=[*SMALL, "epochs=2"])
    loaded, about = load_encoder(tmp_path)
    x_BCHW = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    ours, theirs = (one.represent(x_BCHW, x_BCHW) for one in (run.encoders, loaded))
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)  # layouts in memory differ
    for name, value in run.encoders.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])
    assert about["settings"]["batch"] == run.settings.batch == 32


def test_a_collapse_is_told_once_and_ends_the_run_that_was_told_to_stop(tmp_path):
    said = []
    changes = [*SMALL, "epochs=40", "objective=align_uniform(uniformity_weight=0.0)"]
    changes.append("optimiser=adamw(lr=0.05)")
    options = {"views": "noise(std=0.05)", "changes": changes, "log": said.append}
    pretrain(images(), out=tmp_path / "on", **options)
    whole = json.loads((tmp_path / "on" / "run.json").read_text())["health"]
    assert whole["verdict"] in FATAL
    told = [line for line in said if re.match(r"step \d+: .*collapse", line)]
    assert 1 <= len(told) <= 2  # one kind of collapse may become the other
    with pytest.raises(CollapseError, match=r"Stopped after step \d+, as requested; .*collapse"):
        pretrain(images(), out=tmp_path / "off", stop_on_collapse=True, **options)
    stopped = json.loads((tmp_path / "off" / "run.json").read_text())["health"]
    rows = read_log(tmp_path / "off" / "log.csv")
    assert int(rows[-1]["step"]) == stopped["step"] < 40 * 3
    assert rows[-1]["health"] == stopped["verdict"]
    looked = [row for row in rows if row["health"]]
    assert len(looked) == stopped["step"] // 12  # a tenth of 120 steps
    assert not (tmp_path / "off" / "encoder.safetensors").exists()


def test_embeddings_that_shrink_towards_nothing_are_a_collapse_where_lengths_count(tmp_path):
    changes = [*SMALL, "epochs=40", "objective=vicreg(variance=0.0, covariance=0.0)"]
    changes.append("optimiser=adamw(lr=0.05)")
    options = {"views": "noise(std=0.05)", "changes": changes, "stop_on_collapse": True}
    with pytest.raises(CollapseError, match="complete collapse"):
        pretrain(images(labels=False), out=tmp_path, **options)


@pytest.mark.parametrize("labels", ["none", "few"])
def test_labels_that_do_not_suffice_for_readouts_do_not_stop_a_run(labels, tmp_path):
    said, data = [], images(labels=labels == "few")
    if labels == "few":
        few = np.full(96, -1, dtype=np.int64)
        few[:2] = [0, 1]
        data = replace(data, labels={"kind": few})
    options = {"views": "noise(std=0.1)", "changes": [*SMALL, "epochs=1"], "log": said.append}
    pretrain(data, out=tmp_path, **options)
    assert (tmp_path / "encoder.safetensors").exists()
    assert any(line.startswith("No readouts on the way: ") for line in said) == (labels == "few")
    assert not any("kNN" in line for line in said)


@pytest.mark.parametrize("count", [40, 300, 1000])
@pytest.mark.parametrize("name", METHODS)
def test_each_sentence_holds_of_the_settings_that_are_used(name, count):
    data = digits()
    settings, said = adapted_settings(method(name), data, count)
    text = " ".join(said)
    if found := re.search(r"batches of (\d+), so that an epoch has (\d+) steps", text):
        assert settings.batch == int(found[1])
        assert count // settings.batch == int(found[2])
    else:
        assert settings.batch == method(name).batch
    if "stem is 3 x 3" in text:
        assert "small" in settings.encoder
    if found := re.search(r"the (queue|bank) holds (\d+) negatives", text):
        call = parse_spec(settings.memory)[0]
        assert call.name == found[1]
        assert int(found[2]) in dict(call.kwargs).values()
        assert int(found[2]) % settings.batch == 0
    if found := re.search(
        r"run has (\d+) steps, so the momentum of the target is ([0-9.]+)", text
    ):
        assert settings.epochs * max(count // settings.batch, 1) == int(found[1])
        assert abs(settings.momentum - float(found[2])) < 1e-4
    if oldest_key(method(name)):
        assert settings.batch <= int(re.search(r"size=(\d+)", settings.memory)[1]) <= count
        near = settings.batch / dict(parse_spec(settings.memory)[0].kwargs)["size"] / 2
        assert oldest_key(settings) <= max(OLDEST * (1 + near), 1 - settings.momentum) + 1e-9
    if found := re.search(r"cells of (\d+) pixels and patches of (\d+)", text):
        assert f"cell={found[1]}, crop={found[2]}" in settings.jigsaw
        assert 3 * int(found[1]) <= max(data.height, 12)
    if found := re.search(r"warm-up takes ([0-9.]+)", text):
        assert f"warmup={found[1]}" in settings.schedule
    if found := re.search(r"(\d+) images are assigned together", text):
        assert settings.prototypes == int(found[1]) == settings.batch + settings.stored
    usual = method(name)
    if found := re.search(r"epsilon is ([0-9]+\.[0-9]+)", text):
        usual = replace(usual, objective=usual.objective.replace("0.05", found[1]))
    for field in ("head", "objective", "optimiser"):
        assert getattr(settings, field) == getattr(usual, field)


@pytest.mark.parametrize("name", METHODS)
def test_what_was_typed_stays(name):
    usual = method(name)
    fields = {"encoder", "batch", "views", "memory", "momentum", "jigsaw", "schedule"}
    assert adapted_settings(usual, digits(), 300, given=fields) == (usual, [])


def test_a_queue_is_as_fresh_as_mocos_at_every_length():
    """In time constants of the target its oldest key is as old as in the papers, or younger."""
    for count, epochs in itertools.product((300, 5000, 10**5, 1281167), (1, 8, 50, 200)):
        usual = replace(method("mocov2"), epochs=epochs)
        settings, _ = adapted_settings(usual, digits(), count)
        step = 1 - settings.momentum
        assert oldest_key(settings) <= max(OLDEST + step / 2, step) + 1e-9, (count, epochs)
    assert settings.memory == usual.memory
    assert settings.momentum == usual.momentum


def test_a_queue_or_a_momentum_that_was_typed_is_kept_and_the_other_follows():
    usual = replace(method("moco"), memory="queue(size=512)", batch=64)
    settings, said = adapted_settings(usual, digits(), 1000, given=["memory", "batch", "epochs"])
    assert settings.memory == usual.memory
    assert "time constants" not in " ".join(said)
    settings, said = adapted_settings(
        replace(usual, epochs=8), digits(), 1000, given=["memory", "batch", "epochs"]
    )
    assert settings.memory == usual.memory
    assert f"{oldest_key(settings):.2g} time constants" in " ".join(said)
    usual = replace(method("moco"), momentum=0.9, batch=64)
    settings, _ = adapted_settings(usual, digits(), 1000, given=["momentum", "batch"])
    assert settings.momentum == 0.9
    assert settings.memory == "queue(size=192)"  # 0.256 of 10 steps, rounded to 3


def test_prototypes_follow_the_images_that_are_assigned_together():
    settings, said = adapted_settings(method("swav"), digits(), 1000)
    assert (settings.batch, settings.prototypes) == (124, 124)
    assert "epsilon=0.03" in settings.objective
    assert "124 images are assigned together" in " ".join(said)
    queued = replace(method("swav"), memory="queue(size=3840, start=15)", batch=256, epochs=5)
    settings, said = adapted_settings(queued, digits(), 10**6, given=["memory", "batch"])
    assert settings.prototypes == 3000
    assert settings.prototypes_frozen == 0.5
    assert "time constants" not in " ".join(said)
    settings, _ = adapted_settings(queued, digits(), 10**6, given=["batch"])
    assert settings.memory == queued.memory
    settings, _ = adapted_settings(queued, digits(), 1000, given=["batch"])
    assert settings.memory == "queue(size=256, start=15)"
    assert settings.prototypes == 512
    large, said = adapted_settings(method("swav"), digits(), 10**6)
    assert (large.prototypes, large.objective) == (3000, method("swav").objective)


@pytest.mark.parametrize("name", ["instdis", "pirl", "cmc"])
def test_each_image_draws_its_own_negatives_where_the_bank_is_small(name):
    usual = method(name)
    assert "each=True" in adapted_settings(usual, digits(), 1000)[0].memory
    assert "each=False" in adapted_settings(usual, digits(), 10**6)[0].memory


def test_a_head_can_be_typed_by_its_widths():
    assert change(Settings(), ["head=64-32"]).head == "64-32"
    with pytest.raises(InputError, match="head"):
        change(Settings(), ["head=projector(dim=8)", "haed=64-32"])


def test_one_epoch_of_few_images_says_how_many_steps_it_has():
    settings, said = adapted_settings(method("simclr"), digits(), 20)
    assert f"batches of 4, so that an epoch has {20 // settings.batch} steps." in said[1]


@pytest.fixture
def few(tmp_path, monkeypatch):
    """An .npz with 96 grey images of three classes, in the working folder."""
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    pixels = images().pixels.transpose(0, 2, 3, 1)
    np.savez("few.npz", images=pixels, labels=np.arange(96) % 3)
    return tmp_path


def test_python_and_the_command_line_train_the_same_encoder(few, capsys):
    run = pretrain(
        "few.npz",
        backbone="convnet(width=4)",
        views="noise(std=0.1)",
        epochs=2,
        batch=32,
        changes={"head": "projector(dim=8)"},
        seed=5,
    )
    assert run.folder.name == "pretrain-few"
    assert run.file.exists()
    words = ["--backbone", "convnet(width=4)", "--views", "noise(std=0.1)", "--epochs", "2"]
    words += ["--batch", "32", "--set", "head=projector(dim=8)", "--seed", "5", "--out", "cli"]
    assert main(["pretrain", "few.npz", *words]) == 0
    assert capsys.readouterr().out == "cli/encoder.safetensors\n"
    ours, theirs = (load_encoder(few / name) for name in ("pretrain-few", "cli"))
    assert ours[1] == theirs[1]
    assert all(torch.equal(v, theirs[0].state_dict()[k]) for k, v in ours[0].state_dict().items())
    for name in ("log.csv", "passport.json"):
        assert (few / "pretrain-few" / name).read_bytes() == (few / "cli" / name).read_bytes()
    logged = [float(row["loss"]) for row in read_log(few / "cli" / "log.csv")]
    assert logged == pytest.approx(run.history.losses, rel=1e-5)
    record = json.loads((few / "cli" / "run.json").read_text())
    assert run.health.verdict == record["health"]["verdict"]
    assert run.rules[:-1] == record["rules"][: len(run.rules) - 1]


def test_the_view_of_a_study_is_read_from_its_file_or_the_study_says_why_there_is_none(few):
    options = {"changes": [*SMALL, "epochs=1"], "out": "run"}
    (few / "study").mkdir()
    (few / "study" / "best_view.txt").write_text("noise(std=0.2)\n")
    run = pretrain("few.npz", views=few / "study" / "best_view.txt", **options)
    assert run.settings.views == "noise(std=0.2)"
    (few / "none").mkdir()
    with pytest.raises(InputError, match=r"Cannot read the view specs in none/best_view.txt"):
        pretrain("few.npz", views="none/best_view.txt", **options)
    verdict = {"tasks": [{"advice": {"head": "Do not pretrain: train from scratch"}}]}
    (few / "none" / "verdict.json").write_text(json.dumps(verdict))
    with pytest.raises(InputError) as error:
        pretrain("few.npz", views="none/best_view.txt", **options)
    assert str(error.value) == (
        "The study in none advises no view to pretrain with (Do not pretrain: train from "
        "scratch), so there is no none/best_view.txt; leave --views out for the method's own, or "
        "name a view."
    )


def test_the_log_and_the_bar_are_shown_when_asked_for(few, capsys):
    options = {"views": "noise(std=0.1)", "changes": [*SMALL, "epochs=1"]}
    lines, steps = [], []
    pretrain(
        "few.npz", out="a", log=lines.append, progress=lambda *one: steps.append(one), **options
    )
    assert any(line.startswith("epoch 1 of 1: loss") for line in lines)
    assert steps == [("steps trained", done, 3) for done in (1, 2, 3)]
    assert capsys.readouterr().err == ""
    pretrain("few.npz", out="b", progress=True, **options)
    assert "3 of 3 steps trained (100 %)" in capsys.readouterr().err


def test_small_images_get_the_small_method_unless_something_larger_is_asked_for(tmp_path):
    quick = {"epochs": 1, "views": "noise(std=0.1)", "changes": {"head": "projector(dim=4)"}}
    made = pretrain(images(24, size=16), out=tmp_path / "a", **quick)
    assert made.settings.name == "small"
    assert "patches" in made.settings.encoder
    assert "muon" in made.settings.optimiser
    assert made.settings.precision == "auto"
    made = pretrain(images(24, size=16), out=tmp_path / "b", backbone="convnet(width=2)", **quick)
    assert made.settings.name == "simclr"
    made = pretrain(images(24, size=16), out=tmp_path / "c", start=tmp_path / "a", **quick)
    assert made.settings.name == "simclr"
    assert "patches" in made.settings.encoder


@pytest.mark.parametrize(("side", "name"), [(64, "small"), (65, "simclr")])
def test_the_largest_side_of_the_small_method(side, name, tmp_path, monkeypatch):
    def stopped(*_, settings, **__):
        raise InputError(f"recipe {settings.name}.")

    monkeypatch.setattr(job, "train", stopped)
    with pytest.raises(InputError, match=f"recipe {name}"):
        pretrain(images(8, size=side), out=tmp_path)


def test_a_method_that_learns_from_labels_takes_the_column_that_is_named(tmp_path):
    planted = images()
    rare = np.where(np.arange(96) % 2, -1, planted.labels["kind"])
    both = replace(
        planted,
        labels={"rare": rare} | planted.labels,
        classes={"rare": ("a", "b", "c")} | planted.classes,
    )
    options = {"method": "supcon", "views": "noise(std=0.1)", "changes": [*SMALL, "epochs=1"]}
    with pytest.raises(InputError, match=r"48 images have none for task rare.*--task kind"):
        pretrain(both, out=tmp_path / "first", **options)
    named = pretrain(both, out=tmp_path / "named", task="kind", **options)
    alone = pretrain(planted, out=tmp_path / "alone", **options)
    assert named.history.losses == alone.history.losses
    with pytest.raises(InputError, match="kindd"):
        pretrain(both, out=tmp_path / "wrong", task="kindd", **options)


def test_a_run_without_held_out_images_leaves_out_groups_of_the_test_part(tmp_path):
    groups = np.arange(96) // 4
    part = (np.arange(96) % 16 == 0).astype(np.int8)  # one image of every fourth group
    made = replace(images(), groups=groups, part=part)
    said = []
    options = {"views": "noise(std=0.1)", "changes": [*SMALL, "epochs=1"], "log": said.append}
    pretrain(made, out=tmp_path, **options)
    assert "on 72 images" in said[0]
