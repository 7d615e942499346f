"""Transfer: identical encoders differ by exactly nothing, what is stored is not fitted again."""

import csv

import numpy as np
import pytest
import torch
from PIL import Image

import goodviews
from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.encoders import build_backbone
from goodviews.jobs.transfer.arms import Arm, open_maps
from goodviews.jobs.transfer.plan import common_shape, parts_of
from goodviews.training import dense

TINY = {"steps": 2, "batch": 4, "size": 32, "seeds": 2, "label_counts": [3]}


def write_set(root, depth=False):
    """Discs on noise; the label is the disc, or a depth that grows downwards."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:48, :48]
    for number in range(12):
        row, column = rng.integers(12, 36, 2)
        disc = ((rows - row) ** 2 + (columns - column) ** 2 < 100).astype(np.uint8)
        image = (rng.integers(0, 60, (48, 48)) + 150 * disc).astype(np.uint8)
        made = (1 + rows / 10).astype(np.float32) if depth else disc
        for folder, values in (("images", image), ("depth" if depth else "labels", made)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            if values.dtype == np.float32:
                np.save(root / folder / f"{number}.npy", values)
            else:
                Image.fromarray(values).save(root / folder / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def discs(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("discs") / "discs")


@pytest.mark.parametrize("freeze", ["all", "none"])
def test_two_arms_with_the_same_weights_differ_by_exactly_zero(freeze, discs, tmp_path):
    torch.manual_seed(0)
    net = build_backbone("convnet(width=4)", channels=3, size=32)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = goodviews.transfer(
        net, discs, against=[net], freeze=freeze, out=tmp_path / "out", **TINY
    )
    (one,) = found.differences
    assert (one.gap.value, one.gap.low, one.gap.high) == (0, 0, 0)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert len({row["encoder"] for row in found.rows}) == 2


def test_more_steps_find_the_discs_and_a_brighter_disc_is_no_easier_for_either(discs, tmp_path):
    found = goodviews.transfer(
        "convnet(width=8)", discs, out=tmp_path / "out", steps=60, size=64, seeds=1
    )
    assert min(row["miou"] for row in found.rows) > 0.8
    assert not found.differences[0].gap.known
    assert "use --seeds 3" in str(found)


def test_depth_is_read_out_better_than_by_its_mean(tmp_path):
    data = write_set(tmp_path / "slopes", depth=True)
    found = goodviews.transfer(
        "convnet(width=8)", data, out=tmp_path / "out", steps=60, size=64, seeds=1
    )
    truth = 1 + np.arange(48) / 10
    constant = np.mean(np.abs(np.exp(np.log(truth).mean()) - truth) / truth)
    assert found.rows[0]["abs_rel"] < constant


def test_what_is_stored_is_not_fitted_again_and_more_seeds_add_to_it(discs, tmp_path, monkeypatch):
    first = goodviews.transfer("convnet(width=4)", discs, out=tmp_path, **TINY)
    calls = []
    real = dense.fit_dense
    monkeypatch.setattr(
        dense, "fit_dense", lambda *a, **k: calls.append(k["seed"]) or real(*a, **k)
    )
    again = goodviews.transfer("convnet(width=4)", discs, out=tmp_path, **TINY)
    assert not calls
    assert again.rows == first.rows
    more = goodviews.transfer("convnet(width=4)", discs, out=tmp_path, **{**TINY, "seeds": 3})
    assert calls == [2, 2]
    assert [row for row in more.rows if row["seed"] < 2] == first.rows


def test_random_weights_are_used_with_statistics_of_the_images(discs):
    images = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8)
    device = torch.device("cpu")
    arm = Arm("random weights", "convnet(width=4)", True, "")
    maps = open_maps(arm, images, count=20, seed=1, device=device)
    norms = [m for m in maps.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert norms
    assert all(bool((n.running_mean != 0).any()) and not n.training for n in norms)
    other = open_maps(arm, images, count=20, seed=2, device=device)
    weights = [next(one.parameters()) for one in (maps, other)]
    assert not torch.equal(*weights)


def test_roles_are_disjoint_and_the_shape_keeps_the_ratio(discs):
    scenes = goodviews.data.read_scenes(discs)
    parts = parts_of(scenes)
    every = np.concatenate([parts.train, parts.choose, parts.test])
    assert sorted(every) == list(range(12))
    assert common_shape(scenes, 64) == (64, 64)


def test_an_encoder_of_square_images_gets_square_ones_and_so_do_the_others(tmp_path):
    for number in range(4):
        for folder in ("images", "labels"):
            (tmp_path / "wide" / folder).mkdir(parents=True, exist_ok=True)
            made = Image.fromarray(np.eye(32, 64, dtype=np.uint8))
            made.save(tmp_path / "wide" / folder / f"{number}.png")
    small = {"steps": 1, "seeds": 1, "label_counts": [1], "size": 64}
    wide = goodviews.transfer(
        "convnet(width=4)", tmp_path / "wide", out=tmp_path / "convolutions", **small
    )
    square = goodviews.transfer(
        "timm('vit_tiny_patch16_224', img_size=64, depth=1)",
        tmp_path / "wide",
        out=tmp_path / "patches",
        **small,
    )
    assert {(row["height"], row["width"]) for row in wide.rows} == {(32, 64)}
    assert {(row["height"], row["width"]) for row in square.rows} == {(64, 64)}
    assert any("square" in note for note in square.notes)


def test_the_command_writes_rows_differences_and_a_page(discs, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["transfer", "convnet(width=4)", str(discs), "--steps", "2", "--size", "32"]
    words += ["--seeds", "2", "--label-counts", "3,all", "--freeze", "all,none", "--out", "t"]
    assert main([*words, "-q"]) == 0
    said = capsys.readouterr().out
    assert "With 3 labelled images, frozen, convnet(width=4) is " in said
    assert "training from scratch" in said
    with (tmp_path / "t" / "rows.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 2 * 2
    assert {row["normalisation"] for row in rows} == {
        "batch-norm statistics measured on training images"
    }
    page = (tmp_path / "t" / "index.html").read_text()
    assert page.count('<img src="data:image/png') == 3 * 4
    assert "nan" not in page
    with (tmp_path / "t" / "differences.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 4


WRONG = {
    "goodviews pretrain DATA --recipe": {"against": ["supervised"]},
    "with weights": {"encoder": "pixels"},
    "no feature map": {"encoder": "mlp()"},
    "given as": {"encoder": torch.nn.Conv2d(3, 4, 3, padding=1)},
    "label_counts": {"label_counts": [99]},
    "value of freeze": {"freeze": ["some"]},
    "seeds must be": {"seeds": 0},
    "size must be": {"size": 8},
    "Known: ": {"encoder": "convnett()"},
    "size must be at least 64 for masks": {"target": "masks"},
}


@pytest.mark.parametrize("said", WRONG)
def test_a_mistake_is_answered_before_anything_is_written(said, discs, tmp_path):
    options = {"encoder": "convnet(width=4)", **TINY, **WRONG[said]}
    with pytest.raises(InputError, match=said):
        goodviews.transfer(options.pop("encoder"), discs, out=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_other_settings_is_not_overwritten(discs, tmp_path):
    goodviews.transfer("convnet(width=4)", discs, out=tmp_path, **TINY)
    with pytest.raises(InputError, match="shape"):
        goodviews.transfer("convnet(width=4)", discs, out=tmp_path, **{**TINY, "size": 64})
