"""Training from scratch on few labels: does the encoder of a study lose by its patches?

Both stems, light augmentation, 10 and 40 labels per class of the train part, three seeds; accuracy
on 2,000 images of the test part (797 images of the digits).

    python benchmarks/scratch.py [--quick] [--out FOLDER]
"""

import time
from itertools import product
from typing import Any

import numpy as np
import torch

from goodviews.core.origin import run_origin
from goodviews.data import Images, load
from goodviews.jobs.study import one_thread
from goodviews.training.small import PATCHES, small_settings
from goodviews.training.supervised import train_supervised, training_steps
from goodviews.views import parse_view
from timing import arguments, keep

SETS = {"digits": None, "MNIST": 16, "imagenette96": 32, "cifar10_exact": None}
STEMS = {"pixels": PATCHES - 1, "patches": PATCHES}


def parts(images: Images) -> tuple[np.ndarray, np.ndarray]:
    """Images that labels are drawn from, and images to test on."""
    rng = np.random.default_rng(0)
    own, test = (rng.permutation(np.flatnonzero(images.part == part)) for part in (0, 1))
    if not len(test):
        own, test = own[797:], own[:797]
    return own, np.sort(test[:2000])


def accuracy(images: Images, stem: str, per_class: int, seed: int, steps: int) -> dict[str, Any]:
    """Train once and test."""
    own, test = parts(images)
    labels = next(iter(images.labels.values()))
    classes = next(iter(images.classes.values()))
    order = np.random.default_rng(seed).permutation(own)
    some = [order[labels[order] == kind][:per_class] for kind in range(len(classes))]
    index = np.sort(np.concatenate(some))
    view = parse_view("translate(0.1)|flip()" if images.channels == 3 else "translate(0.1)")
    begun = time.process_time()
    model = train_supervised(
        images,
        index,
        labels[index],
        view,
        classes=len(classes),
        settings=small_settings(STEMS[stem], device="cpu"),
        seed=seed,
        steps=steps or training_steps(len(index)),
    )
    seconds = time.process_time() - begun
    with torch.no_grad():
        said = model(images.batch(test)).argmax(dim=1).numpy()
    return {"accuracy": float((said == labels[test]).mean()), "cpu_s": round(seconds, 2)}


def main() -> None:
    asked = arguments(__doc__).parse_args()
    sets = {"digits": None} if asked.quick else SETS
    run = run_origin("python benchmarks/scratch.py", seeds=[0, 1, 2], threads=1)
    rows = []
    with one_thread():
        for name, size in sets.items():
            images = load(name, size=size)
            for per_class, stem in product((10, 40), STEMS):
                found = [
                    {"data": name, "stem": stem, "per_class": per_class, "seed": seed}
                    | accuracy(images, stem, per_class, seed, 2 * asked.quick)
                    for seed in range(1 if asked.quick else 3)
                ]
                mean = np.mean([row["accuracy"] for row in found])
                print(f"{name:14} {per_class:3} labels per class, {stem:8} {mean:.3f}", flush=True)
                rows += found
    keep("bench_scratch", asked, rows, run)


if __name__ == "__main__":
    main()
