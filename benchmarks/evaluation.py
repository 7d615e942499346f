"""Linear probe and nearest neighbours on frozen features, beside what people use.

Features are 512 answers of one convolutional layer on CIFAR-10 as JPEG; without that set,
rectified Gaussian mixtures. Our probe has a second row, with a tolerance at which its penalised
loss is still below those of the others. One process, one thread, CPU seconds, warmed up, rounds
interleaved, medians; slow contestants take part in fewer rounds.

    python benchmarks/evaluation.py [--quick] [--out FOLDER]
"""

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.origin import hardware, run_origin, write_table
from goodviews.data import load
from goodviews.evaluation.knn import knn_votes
from goodviews.evaluation.logistic import fit_logistic, standardised

WIDE, CLASSES = 512, 10
TESTED = 2_000
"""Test items of the neighbours; their cost is proportional."""


def filtered(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Features (N, 512), labels and part of CIFAR-10 from one convolutional layer.

    Its 128 filters are patches of the images, normalised; rectified answers are averaged
    over four quarters (after Coates, Lee and Ng, 2011, AISTATS).
    """
    images = load("cifar10_jpeg")
    train = np.flatnonzero(images.part == 0)[:count]
    keep = np.concatenate([train, np.flatnonzero(images.part == 1)])
    rng = np.random.default_rng(0)
    some = images.batch(rng.choice(train, 128, replace=False))
    at = rng.integers(0, 26, (128, 2))
    patches = torch.stack([x[:, r : r + 6, c : c + 6] for x, (r, c) in zip(some, at, strict=True)])
    patches = patches - patches.mean(dim=(1, 2, 3), keepdim=True)
    patches = patches / patches.flatten(1).norm(dim=1)[:, None, None, None].clamp(min=0.1)
    parts = []
    for start in range(0, len(keep), 500):
        x = images.batch(keep[start : start + 500])
        x = x - x.mean(dim=(1, 2, 3), keepdim=True)
        x = F.conv2d(x, patches, stride=2).relu()
        parts.append(F.adaptive_avg_pool2d(x, 2).flatten(1))
    task = next(iter(images.labels))
    about = f"one layer of 128 patch filters on {images.name}"
    return torch.cat(parts).numpy(), images.labels[task][keep], images.part[keep], about


def made_up(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Rectified mixtures whose directions have very unequal spread, as features have."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, CLASSES, count + 10_000)
    hidden = rng.standard_normal((len(y), WIDE))
    hidden[:, :40] += 0.45 * rng.standard_normal((CLASSES, 40))[y]
    mix = rng.standard_normal((WIDE, WIDE)) * (np.arange(1, WIDE + 1) ** -0.7)[:, None]
    x = np.maximum(hidden @ mix, 0).astype(np.float32)
    return x, y, (np.arange(len(y)) >= count).astype(np.int8), "rectified Gaussian mixture"


def sgd_cached(x: Tensor, y: Tensor, epochs: int) -> nn.Linear:
    """The usual probe on a tensor in memory: 100 epochs, batch 256, cosine."""
    layer = nn.Linear(x.shape[1], CLASSES)
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(256):
            optimiser.zero_grad()
            F.cross_entropy(layer(x[rows]), y[rows]).backward()
            optimiser.step()
        schedule.step()
    return layer


def scikit(x: np.ndarray, y: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, max_iter=1000, tol=1e-4).fit(x, y)


def probes(
    x: np.ndarray, y: np.ndarray, tx: np.ndarray, ty: np.ndarray, rounds: int, epochs: int
) -> list[dict[str, Any]]:
    """Seconds, training loss and accuracy of each probe; all see the same scaled features."""
    z, centre, spread = standardised(x)
    tz = ((torch.from_numpy(tx) - centre) / spread).numpy()
    zt, yt = z * WIDE**0.5, torch.from_numpy(y)
    zn, tn = zt.numpy(), tz * WIDE**0.5
    penalty = 1 / x.size  # scikit-learn's C = 1 on standardised features

    def ours(tolerance: float = 1e-5) -> tuple[np.ndarray, np.ndarray, float]:
        found = fit_logistic(x, y, classes=CLASSES, penalty=penalty, tolerance=tolerance)
        square = float(found.weight.square().sum())
        return found.log_probs(x).numpy(), found.log_probs(tx).numpy(), square

    def theirs() -> tuple[np.ndarray, np.ndarray, float]:
        found = scikit(zn, y)
        square = WIDE * float(np.square(found.coef_).sum())
        return found.predict_log_proba(zn), found.predict_log_proba(tn), square

    def cached() -> tuple[np.ndarray, np.ndarray, float]:
        layer = sgd_cached(zt, yt, epochs)
        with torch.no_grad():
            both = [
                layer(v).log_softmax(1).numpy() for v in (zt, torch.from_numpy(tz) * WIDE**0.5)
            ]
        return both[0], both[1], float(WIDE * layer.weight.square().sum())

    rivals: dict[str, tuple[Callable[[], Any], int]] = {
        f"SGD, {epochs} epochs, cached tensor": (cached, max(1, rounds // 5)),
        "scikit-learn": (theirs, max(1, rounds // 3)),
        "goodviews": (ours, rounds),
        "goodviews, tolerance 0.001": (lambda: ours(1e-3), rounds),
    }
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    last: dict[str, Any] = {}
    ours(1e-3)
    sgd_cached(zt[:512], yt[:512], 1)
    for number in range(rounds):
        for name, (run, most) in rivals.items():
            if number < most:
                begin = time.process_time()
                last[name] = run()
                taken[name].append(time.process_time() - begin)
    best = statistics.median(taken["goodviews"])
    rows = []
    for name, times in taken.items():
        train, test, square = last[name]
        loss = -float(train[np.arange(len(y)), y].mean())
        rows.append(
            {
                "task": "linear probe",
                "rival": name,
                "items": len(y),
                "features": x.shape[1],
                "rounds": len(times),
                "median_s": statistics.median(times),
                "fastest_s": min(times),
                "slowest_s": max(times),
                "times_goodviews": statistics.median(times) / best,
                "loss": loss,
                "penalised_loss": loss + penalty / 2 * square,
                "top1": float((test.argmax(1) == ty).mean()),
            }
        )
    return rows


def neighbours(
    x: np.ndarray, y: np.ndarray, tx: np.ndarray, ty: np.ndarray, rounds: int
) -> list[dict[str, Any]]:
    """Seconds and accuracy of weighted votes of 200 neighbours."""
    from lightly.utils.benchmarking.knn import knn_predict

    known, tested = torch.from_numpy(x), torch.from_numpy(tx)
    labels = torch.from_numpy(y)
    bank, rows_ = F.normalize(known, dim=1), F.normalize(tested, dim=1)

    def lightly() -> Tensor:
        parts = [
            knn_predict(some, bank.T, labels, num_classes=CLASSES, knn_k=200, knn_t=0.1)[:, 0]
            for some in rows_.split(512)
        ]
        return torch.cat(parts)

    def matmul() -> Tensor:
        """What an exact flat index does: products, then the largest; the vote is not counted."""
        best = [(some @ bank.T).topk(200, dim=1)[1] for some in rows_.split(512)]
        return torch.mode(labels[torch.cat(best)], dim=1)[0]

    def ours(bf16: bool) -> Tensor:
        return knn_votes(known, labels, tested, classes=CLASSES, bf16=bf16).argmax(1)

    rivals: dict[str, Callable[[], Tensor]] = {
        "lightly": lightly,
        "products and topk": matmul,
        "goodviews": lambda: ours(False),
        "goodviews, bf16": lambda: ours(True),
    }
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    last: dict[str, Tensor] = {}
    for _ in range(rounds):
        for name, run in rivals.items():
            begin = time.process_time()
            last[name] = run()
            taken[name].append(time.process_time() - begin)
    best = statistics.median(taken["goodviews"])
    return [
        {
            "task": "kNN, k = 200",
            "rival": name,
            "items": len(y),
            "tested": len(ty),
            "features": x.shape[1],
            "rounds": len(times),
            "median_s": statistics.median(times),
            "fastest_s": min(times),
            "slowest_s": max(times),
            "times_goodviews": statistics.median(times) / best,
            "top1": float((last[name].numpy() == ty).mean()),
            "same_as_lightly": float((last[name] == last["lightly"]).float().mean()),
        }
        for name, times in taken.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--rounds", type=int, default=5, help="of the quickest contestants")
    parser.add_argument("--out", type=Path, default=None, help="folder for rows.csv and run.json")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    flags = (" --quick" if asked.quick else "") + f" --rounds {asked.rounds}"
    run = run_origin(f"python benchmarks/evaluation.py{flags}", seeds=[0], threads=1)
    count = 5_000 if asked.quick else 50_000
    if os.environ.get("GOODVIEWS_DATA") and not asked.quick:
        x, y, part, about = filtered(count)
    else:
        x, y, part, about = made_up(count)
    fit, test = part == 0, part == 1
    print(f"{fit.sum()} x {x.shape[1]} features of {about}", flush=True)
    given = (x[fit], y[fit].astype(np.int64), x[test], y[test].astype(np.int64))
    rows = probes(*given, rounds=asked.rounds, epochs=5 if asked.quick else 100)
    few = (*given[:2], given[2][:TESTED], given[3][:TESTED])
    rows += neighbours(*few, rounds=max(1, min(asked.rounds, 2)))
    for row in rows:
        loss = f" penalised loss {row['penalised_loss']:.5f}" if "penalised_loss" in row else ""
        print(
            f"{row['task']:14} {row['rival']:32} {row['median_s']:8.2f} s "
            f"{row['times_goodviews']:6.2f}x ours, top1 {row['top1']:.4f}{loss}",
            flush=True,
        )
    folder = (
        asked.out or Path("results/bench_evaluation") / f"{str(run['started'])[:10]}-{hardware()}"
    )
    if not asked.quick or asked.out:
        write_table(folder, [{"features_of": about, **row} for row in rows], run)
        print(f"rows in {folder}")


if __name__ == "__main__":
    main()
