"""``evaluate`` on several labels and on numbers: rows, the printed table, one label alone."""

import csv

import numpy as np
import pytest

from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.jobs.evaluate import evaluate

COUNT = 160


@pytest.fixture
def place(tmp_path, monkeypatch):
    """160 images of noise, whose representations hold two labels and a number."""
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (COUNT, 8, 8), dtype=np.uint8)
    z = rng.normal(size=(COUNT, 6))
    labels = (z[:, :2] > 0.3).astype(int)
    np.savez("several.npz", images=images, labels=labels, classes=["mass", "nodule"])
    np.savez("number.npz", images=images, labels=3 * z[:, 0] + 0.1 * z[:, 1])
    np.save("z.npy", z)
    return tmp_path


def rows(folder):
    with (folder / "rows.csv").open() as file:
        return list(csv.DictReader(file))


def test_several_labels_are_one_task_and_each_alone_is_one_too(place, capsys):
    words = ["evaluate", "z.npy", "several.npz", "--seeds", "1", "--out", "e", "-q"]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert text.startswith("label, macro AUROC")
    assert "  mAP" in text
    assert "linear, macro AUROC: z minus raw pixels +" in text
    found = {(row["encoder"], row["protocol"]): row for row in rows(place / "e")}
    mine = found["z", "linear"]
    assert float(mine["macro_auroc"]) > 0.95
    assert float(mine["mean_average_precision"]) > 0.9
    assert float(found["z minus raw pixels", "linear"]["auroc_low"]) > 0.2
    low, high = (float(found["raw pixels", "linear"][f"auroc_{end}"]) for end in ("low", "high"))
    assert low < 0.5 < high
    alone = evaluate("z.npy", "several.npz", task="mass", protocols=["linear"], seeds=0, out="m")
    assert alone.scores[0].task == "mass"
    assert alone.scores[0].top1 > 0.8


def test_numbers_are_predicted_and_may_be_factors(place, capsys):
    (place / "meta.csv").write_text(
        "row,tint\n" + "".join(f"{i},{'abc'[i % 3]}\n" for i in range(COUNT))
    )
    words = ["evaluate", "z.npy", "number.npz", "--seeds", "1", "--leakage", "meta.csv", "-q"]
    assert main([*words, "--out", "e"]) == 0
    assert capsys.readouterr().out.startswith("label, R2")
    found = {(row["encoder"], row["protocol"]): row for row in rows(place / "e")}
    assert float(found["z", "linear"]["r2"]) > 0.95
    assert not found["z", "linear"]["top1"]
    assert float(found["raw pixels", "linear"]["r2"]) < 0.2
    with (place / "e" / "leakage.csv").open() as file:
        assert {row["factor"] for row in csv.DictReader(file)} == {"tint", "label"}
    with pytest.raises(InputError, match="holds a number"):
        evaluate("convnet(width=4)", "number.npz", protocols=["finetune"], seeds=0, out="f")
