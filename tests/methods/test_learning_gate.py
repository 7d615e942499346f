"""Every method learns and beats what learned nothing; the gate can fail."""

import sys
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from goodviews.evaluation.knn import knn_predict
from goodviews.evaluation.logistic import fit_logistic
from goodviews.evaluation.scores import Parts
from goodviews.methods import METHODS, method
from goodviews_experiments.methods_learn.run import learn
from goodviews_experiments.methods_learn.small_scale import small_scale
from goodviews_experiments.methods_learn.textures import TEXTURES, planted_textures

FLOOR = 0.05
TRAIN, TEST, PER_CLASS, DRAWS = 1024, 1000, 10, 5
VIEWS = "crop(scale=(0.3, 1))|flip()|autocontrast(p=0.8)"
MEASURED = {
    "small": (0.427, 0.039, 0.388, 0.026),
    "cmcv2": (0.348, 0.096, 0.307, 0.047),
    "cmc": (0.418, 0.062, 0.338, 0.037),
    "moco": (0.481, 0.009, 0.422, 0.004),
    "mocov2": (0.486, 0.026, 0.421, 0.008),
    "simclr": (0.443, 0.018, 0.411, 0.022),
    "infomin": (0.480, 0.019, 0.412, 0.008),
    "barlow": (0.390, 0.042, 0.330, 0.027),
    "vicreg": (0.421, 0.040, 0.364, 0.022),
    "vicreg_exp": (0.415, 0.026, 0.378, 0.007),
    "vicreg_ctr": (0.327, 0.013, 0.327, 0.022),
    "simclr_sq": (0.295, 0.022, 0.324, 0.015),
    "simclr_abs": (0.444, 0.013, 0.414, 0.028),
    "dcl": (0.438, 0.011, 0.402, 0.018),
    "scl": (0.420, 0.044, 0.367, 0.023),
    "tcr": (0.458, 0.032, 0.395, 0.032),
    "wmse": (0.333, 0.064, 0.341, 0.052),
    "byol": (0.416, 0.064, 0.365, 0.018),
    "simsiam": (0.414, 0.030, 0.379, 0.026),
    "swav": (0.468, 0.032, 0.416, 0.017),
    "supcon": (0.531, 0.071, 0.475, 0.067),
    "supervised": (0.538, 0.045, 0.486, 0.039),
    "cpc": (0.515, 0.056, 0.428, 0.106),
    "instdis": (0.434, 0.052, 0.395, 0.029),
    "pirl": (0.431, 0.054, 0.403, 0.032),
}
"""Margin and its spread over seeds 0 to 2, with neighbours and with the linear readout.

Measured by ``python tests/methods/test_learning_gate.py 3`` on an AMD EPYC, one thread.
"""

OWN = {
    "instdis": {"epochs": 25},
    "pirl": {"epochs": 25},
    "cpc": {"epochs": 20},
    "cmc": {"width": 16, "epochs": 20},
    "cmcv2": {"width": 16, "epochs": 16},
}
"""Methods whose memory is renewed once an epoch, or whose encoders see a patch or some of the
channels, and so are smaller."""

CHANGES = {
    "cpc": {"views": "flip()|grid(patch=8, overlap=0)"},
    "tcr": {"head": "256-16"},
    "wmse": {"head": "256-8"},
}
"""Patches that share no pixels; and no more dimensions than there is to share, where all are
filled."""


@lru_cache(maxsize=2)
def data(grounds=1):
    images = planted_textures(TRAIN + TEST, seed=0, grounds=grounds)
    return images, Parts(np.arange(TRAIN), np.arange(0), np.arange(TRAIN, TRAIN + TEST))


def settings(name, **changes):
    own = {"width": 8, "batch": 64, "epochs": 15} | OWN.get(name, {})
    made, _ = small_scale(method(name), data()[0], TRAIN, views=VIEWS, **own)
    return replace(made, **(CHANGES.get(name, {}) | changes))


def read(features, labels):
    """Neighbours and a linear readout of ten labels a class, mean over draws of labels."""
    x, truth = features.numpy(), labels[TRAIN:]
    right = np.zeros((2, TEST))
    for draw in range(DRAWS):
        rng = np.random.default_rng(draw)
        own = [np.flatnonzero(labels[:TRAIN] == kind) for kind in range(len(TEXTURES))]
        rows = np.concatenate([rng.choice(some, PER_CLASS, replace=False) for some in own])
        near = knn_predict(x[rows], labels[rows], x[TRAIN:], classes=4, neighbours=5)
        probe = fit_logistic(x[rows], labels[rows], classes=4, penalty=0.01)
        linear = probe.log_probs(x[TRAIN:]).argmax(dim=1).numpy()
        right += np.stack([near == truth, linear == truth]) / DRAWS
    return right


def scores(name, seed, **changes):
    """(2, 3): both readouts of the method, of its random weights and of raw pixels.

    All patches of an image would show CPC one ground, so there it is another one below.
    """
    images, parts = data(2 if name == "cpc" else 1)
    made = settings(name, **changes)
    return learn(made, images, parts, seed=seed, read=read).right.mean(axis=2)


KIN = (
    *("simclr_sq", "simclr_abs", "dcl", "scl", "tcr", "wmse", "vicreg_exp", "vicreg_ctr"),
    *("supcon", "moco", "instdis"),
)
"""Methods that train by the loop of another one that is always tried, with a loss of its kind."""


def margins(found):
    """(2,) how far each readout stands above the better of its two controls."""
    return found[:, 0] - found[:, 1:].max(axis=1)


def passes(name, found):
    """Both readouts above both controls by the floor, and by three spreads over seeds."""
    spreads = np.array(MEASURED[name])[[1, 3]]
    return bool((margins(found) > np.maximum(FLOOR, 3 * spreads)).all())


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name in KIN else name for name in METHODS],
)
def test_a_method_learns_what_random_weights_and_pixels_do_not_show(name):
    found = scores(name, 0)
    assert passes(name, found), (found.round(3), MEASURED[name])


@pytest.mark.parametrize("name", METHODS)
def test_the_measured_margin_is_no_luck_of_a_seed(name):
    means, spreads = np.reshape(MEASURED[name], (2, 2)).T
    assert (means > 3 * spreads).all()


@pytest.mark.parametrize(
    "broken",
    [
        {"optimiser": "sgd(lr=1e-12, momentum=0.0, weight_decay=0.0)", "epochs": 2},
        {"views": "noise(std=100)", "epochs": 3},
        {"views": "blur(sigma=(8, 9), p=1)", "epochs": 5},
    ],
    ids=["no step", "views that share nothing", "views without the class"],
)
def test_what_cannot_learn_does_not_pass(broken):
    assert not passes("simclr", scores("simclr", 0, **broken))


def measure(names, seeds):
    """Print rows of :data:`MEASURED`: ``python tests/methods/test_learning_gate.py 5 simclr``."""
    for name in names:
        found = np.stack([margins(scores(name, seed)) for seed in range(seeds)])
        text = ", ".join(
            f"{mean:.3f}, {spread:.3f}"
            for mean, spread in zip(found.mean(axis=0), found.std(axis=0, ddof=1), strict=True)
        )
        print(f'    "{name}": ({text}),', flush=True)


if __name__ == "__main__":
    measure(sys.argv[2:] or METHODS, int(sys.argv[1]))
