"""``goodviews evaluate``: rows, table and page from one command; mistakes in one sentence."""

import csv
import json
import re

import numpy as np
import pytest
import torch

from goodviews.cli.main import main


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def few(tmp_path):
    """900 images: the class is a corner's brightness, ``tint`` the other corner's."""
    rng = np.random.default_rng(0)
    y, tint = rng.integers(0, 3, 900), rng.random(900)
    images = rng.integers(0, 40, size=(900, 8, 8, 1), dtype=np.uint8)
    images[:, :3, :3, 0] += (60 * y[:, None, None]).astype(np.uint8)
    images[:, 5:, 5:, 0] += (200 * tint[:, None, None]).astype(np.uint8)
    np.savez(tmp_path / "few.npz", images=images, labels=y)
    lines = ["row,tint,coin", *(f"{i},{t:.4f},{rng.integers(2)}" for i, t in enumerate(tint))]
    (tmp_path / "meta.csv").write_text("\n".join(lines))
    z = np.c_[y, tint, rng.standard_normal((900, 2))]
    np.save(tmp_path / "z.npy", z)
    return tmp_path


def rows(folder):
    with (folder / "rows.csv").open() as file:
        return list(csv.DictReader(file))


def test_an_array_is_judged_beside_pixels_and_random_weights_with_its_leakage(few, capsys):
    words = ["evaluate", "z.npy", "few.npz", "--leakage", "meta.csv", "--seeds", "2"]
    assert main([*words, "--out", "judged", "--quiet", "--draws", "2"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == "judged/rows.csv"
    assert "Vary tint between the two views: z keeps it" in said
    found = rows(few / "judged")
    top = {(r["encoder"], r["protocol"]): float(r["top1"]) for r in found if r["top1"]}
    assert top["z", "linear"] == 1
    assert {"raw pixels", "random weights", "z minus raw pixels"} <= {r["encoder"] for r in found}
    assert {r["encoder_seed"] for r in found if r["encoder"] == "random weights"} == {"0", "1"}
    run = json.loads((few / "judged" / "run.json").read_text())
    for row in found:
        assert row["split"] == run["split"]["hash"]
        assert row["seed"] == "0"
        if row["top1"]:
            assert float(row["top1_low"]) <= float(row["top1"]) <= float(row["top1_high"])
    assert run["command"].startswith("goodviews evaluate z.npy few.npz --leakage meta.csv")
    assert run["leakage"]["kept"] == ["tint"]
    page = (few / "judged" / "leakage.html").read_text("utf8")
    assert page.count("<h1") == 1
    assert str(few) not in page + json.dumps(run)
    assert not re.search(r"\bnan\b|\binf\b|None|\{\{", page)
    cells = (few / "judged" / "leakage.csv").read_text().splitlines()
    assert len(cells) == 1 + 4 * 3  # z, random weights, raw pixels, task label; three factors


def test_the_same_command_gives_the_same_rows(few):
    words = [
        "evaluate",
        "convnet(width=4)",
        "few.npz",
        "--protocol",
        "linear",
        "-q",
        "--seeds",
        "1",
    ]
    for name in ("a", "b"):
        assert main([*words, "--out", name]) == 0
    one, two = ([{**r, "seconds": ""} for r in rows(few / name)] for name in ("a", "b"))
    assert one == two


def test_what_a_view_draws_is_asked_of_the_view(few, capsys):
    words = ["evaluate", "pixels", "few.npz", "--protocol", "linear", "--seeds", "0", "-q"]
    assert main([*words, "--view", "translate(0.4)", "--out", "v"]) == 0
    with (few / "v" / "leakage.csv").open() as file:
        told = {r["factor"]: r["told"] for r in csv.DictReader(file) if r["row"] == "raw pixels"}
    assert told["translate.down"] == told["translate.right"] == "True"
    assert "although its views were drawn to hide it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evaluate", "nothing", "few.npz"], "Unknown encoder 'nothing'"),
        (["evaluate", "z.npy", "few.npz", "--protocol", "liner"], "Did you mean 'linear'"),
        (["evaluate", "z.npy", "few.npz", "--task", "lable"], "Unknown task 'lable'"),
        (["evaluate", "z.npy", "few.npz", "--temperature", "0"], "must be more than 0"),
        (["evaluate", "z.npy", "few.npz", "--budget", "many"], "budget"),
        (["evaluate", "z.npy", "few.npz", "--leakage", "none.csv"], "Cannot read"),
        (["evaluate", "z.npy", "few.npz", "--view", "flip()"], "but an array was given"),
        (["evaluate", "pixels", "few.npz", "--view", "identity()"], "has no random parameters"),
        (["evaluate", "z.npy", "few.npz", "--device", "gpu"], "auto, cpu or cuda"),
        (["evaluate", "few.npz/x", "few.npz"], "Unknown encoder"),
        (["evaluate", "meta.csv", "few.npz"], "as in timm:resnet50@meta.csv"),
        (["evaluate", "z.npy", "few.npz", "--protocol", "finetune"], "but z.npy has no weights"),
        (["evaluate", "pixels", "few.npz", "--protocol", "finetune-few"], "has no weights"),
        (["evaluate", "z.npy", "few.npz", "--set", "epochs=1"], "add --protocol finetune"),
        (
            ["evaluate", "convnet", "few.npz", "--protocol", "finetune", "--set", "epoch=1"],
            "Did you mean 'epochs'",
        ),
    ],
)
def test_mistakes_get_one_sentence(words, said, few, capsys):
    extra = ["--protocol", "knn"] if "--protocol" not in words and "--budget" not in words else []
    assert main([*words, *extra, "--seeds", "0", "-q", "--out", "o"]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (few / "o").exists()


NET = ["--backbone", "convnet(width=4)", "--set", "head=projector(dim=8)", "--epochs", "1"]


def test_fine_tuning_is_a_protocol_like_any_other(few, capsys):
    words = ["evaluate", "convnet(width=4)", "few.npz", "--protocol", "linear", "-q"]
    words += ["--protocol", "finetune", "--protocol", "finetune-few", "--budget", "4"]
    words += ["--draws", "2", "--runs", "2", "--seeds", "1", "--set", "epochs=2"]
    assert main([*words, "--out", "o"]) == 0
    said = capsys.readouterr().out
    assert "finetune: convnet(width=4) minus random weights" in said
    found = {(r["encoder"], r["protocol"]): r for r in rows(few / "o")}
    one = found["convnet(width=4)", "finetune"]
    assert (one["draws"], one["seed"]) == ("2", "0")
    assert one["split"] == found["raw pixels", "linear"]["split"]
    assert one["setting"].startswith("2 runs, encoder at ")
    assert float(one["top1_low"]) <= float(one["top1"]) <= float(one["top1_high"])
    assert found["random weights", "finetune"]["draws"] == "1"
    assert found["convnet(width=4)", "finetune 4"]["fitted"] == "12"
    assert ("raw pixels", "finetune") not in found
    run = json.loads((few / "o" / "run.json").read_text())
    assert run["finetune"]["epochs"] == 2
    assert run["command"].endswith("--runs 2 --seeds 1 --set epochs=2 --out o")
    assert main([*words, "--out", "o"]) == 0  # from what is kept
    again = {(r["encoder"], r["protocol"]): r for r in rows(few / "o")}
    assert again["convnet(width=4)", "finetune"]["top1"] == one["top1"]


@pytest.mark.parametrize(
    ("more", "said", "share"),
    [
        ([], "run was trained on 180 of the 180 tested images, without their labels", "1"),
        (["--hold-out"], "None of the 180 tested images is among those run was trained on", "0"),
        (["--recipe", "supervised"], "do not hold for new images", "1"),
    ],
)
def test_an_encoder_that_saw_the_tested_images_is_told(more, said, share, few, capsys):
    assert main(["pretrain", "few.npz", *NET, "--out", "run", "-q", *more]) == 0
    words = ["evaluate", "run", "few.npz", "--protocol", "knn", "--seeds", "1", "-q"]
    assert main([*words, "--out", "o"]) == 0
    assert said in capsys.readouterr().out
    found = {r["role"]: r["seen"] for r in rows(few / "o")}
    assert found == {"encoder": share, "baseline": "0", "difference": share}
    assert said in " ".join(json.loads((few / "o" / "run.json").read_text())["seen"])


def test_whether_it_saw_them_is_not_known_of_an_array(few, capsys):
    words = ["evaluate", "z.npy", "few.npz", "--protocol", "knn", "--seeds", "0", "-q"]
    assert main([*words, "--out", "o"]) == 0
    assert "Nothing says which images z was trained on" in capsys.readouterr().out
    assert {r["seen"] for r in rows(few / "o") if r["encoder"] == "z"} == {""}


def test_a_run_with_an_encoder_for_each_view_is_read_in_the_form_of_each(tmp_path, capsys):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(200, 16, 16, 3), dtype=np.uint8)
    np.savez(tmp_path / "rgb.npz", images=images, labels=np.arange(200) % 2)
    assert main(["pretrain", "rgb.npz", "--recipe", "cmc", *NET, "--out", "run", "-q"]) == 0
    words = ["evaluate", "run", "rgb.npz", "--protocol", "knn", "--seeds", "1", "-q"]
    assert main([*words, "--out", "o"]) == 0
    assert "run minus random weights" in capsys.readouterr().out


def test_a_place_that_cannot_take_rows_is_refused_before_the_work(few, capsys):
    assert main(["evaluate", "z.npy", "few.npz", "-q", "--out", "z.npy"]) == 2
    assert "Cannot create folder z.npy: it is a file" in capsys.readouterr().err


def test_weights_of_another_library_ask_for_their_model(few, capsys):
    from safetensors.torch import save_file

    save_file({"w": torch.zeros(3)}, few / "other.safetensors")
    assert main(["evaluate", "other.safetensors", "few.npz", "-q", "--out", "o"]) == 2
    assert "as in timm:resnet50@other.safetensors" in capsys.readouterr().err


def test_a_stopped_evaluation_names_the_command_that_goes_on(few, capsys, monkeypatch):
    from goodviews.jobs.evaluate import job
    from goodviews.training import Interrupted

    def stop(*_, **__):
        raise Interrupted("Stopped after step 3; run the same command to go on.", 15)

    monkeypatch.setattr(job, "readouts", stop)
    words = ["evaluate", "z.npy", "few.npz", "--protocol", "knn", "--seeds", "0", "-q"]
    assert main([*words, "--out", "o"]) == 143
    said = capsys.readouterr().err
    assert said == (
        "Stopped after step 3. Resume with: goodviews evaluate z.npy few.npz --protocol knn "
        "--seeds 0 --out o\n"
    )
