"""``evaluate --leakage`` orders the columns of a table by how fast they would be learned."""

import csv

import numpy as np
import pytest

from goodviews.cli.main import main
from goodviews.evaluation.factors import Factor
from goodviews.jobs.evaluate.forecast import forecast


@pytest.fixture
def shots(tmp_path, monkeypatch):
    """900 images: a strong tint, a weak class in a corner, and a coin that nothing shows."""
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    y, tint, coin = rng.integers(0, 3, 900), rng.integers(0, 3, 900), rng.integers(0, 2, 900)
    images = rng.integers(0, 60, size=(900, 8, 8, 1), dtype=np.uint8)
    images += (60 * tint[:, None, None, None]).astype(np.uint8)
    images[:, :2, :2, 0] += (25 * y[:, None, None]).astype(np.uint8)
    np.savez("shots.npz", images=images, labels=y)
    lines = [f"{n},{'abc'[t]},{c}" for n, (t, c) in enumerate(zip(tint, coin, strict=True))]
    (tmp_path / "meta.csv").write_text("\n".join(["row,scanner,coin", *lines]))
    np.save("z.npy", np.c_[y, rng.random(900)])
    return tmp_path


def test_the_column_that_fills_the_image_is_forecast_before_the_label(shots, capsys):
    words = ["evaluate", "z.npy", "shots.npz", "--leakage", "meta.csv", "--seeds", "1", "-q"]
    assert main([*words, "--out", "judged", "--protocol", "linear"]) == 0
    said = capsys.readouterr().out
    assert "Learned most quickly from untrained features: scanner (" in said
    assert "Learned most quickly" in (shots / "judged" / "leakage.html").read_text("utf8")
    with (shots / "judged" / "shortcuts.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["factor"] for row in rows] == ["scanner", "label", "coin"]
    assert float(rows[0]["to_next_low"]) > 0
    assert float(rows[2]["usable_low"]) < 0.02


def test_one_factor_or_no_untrained_features_give_no_forecast():
    rng = np.random.default_rng(0)
    factors = [Factor(n, rng.integers(0, 2, 200), ("a", "b")) for n in ("one", "two")]
    parts = {"fit": np.arange(100), "test": np.arange(100, 200), "seed": 0}
    x = {"blank": rng.random((200, 3))}
    assert forecast(x, factors, names=["blank"], **parts) is not None
    assert forecast(x, factors, names=["other"], **parts) is None
    assert forecast(x, factors[:1], names=["blank"], **parts) is None
    few = Factor("few", np.where(np.arange(200) % 10, -1, 1), ("a", "b"))
    assert forecast(x, [factors[0], few], names=["blank"], **parts) is None
