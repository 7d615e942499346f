"""Which images and labels are for learning views, and which for measuring; a game that fits.

Letters: N images.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from goodviews.core.errors import InputError, unknown
from goodviews.data import Images
from goodviews.data.strata import cut
from goodviews.data.tasks import class_columns
from goodviews.training.view_learning import Game

HELD_MOST, TEST_MOST = 1024, 2000
CROP = 32
"""Pixels of the crops that views are learned on, where images are larger."""
_FEWEST, _MOST = 2, 13
_PER_CLASS = 3
"""Labels of a class below which none of them is used for watching."""


@dataclass(frozen=True, eq=False)
class Roles:
    """Places of images, each array sorted or in the order it is used.

    Attributes:
        learn: Images that the game and new encoders are trained on.
        held_out: Images for the bounds; never trained on.
        labelled: Images whose labels the game uses, and which later fit the readout.
        test: Labelled images for the reported accuracy, used for nothing else.
        task: Name of the label; empty without labels.
        labels: (N,) classes, -1 where there is none.
        summary: All of this in one sentence.
    """

    learn: np.ndarray
    held_out: np.ndarray
    labelled: np.ndarray
    test: np.ndarray
    task: str
    labels: np.ndarray
    summary: str


def share_out(images: Images, *, mode: str, task: str | None = None) -> Roles:
    """Divide the images; the same dataset is always divided in the same way.

    The test images of the dataset are used for the reported accuracy. Without such, a third of
    the labelled images is, class by class, and at most 2,000. A fifth of the others is held out
    for the bound, at most 1,024, unlabelled ones first. Groups of images are not divided.

    Args:
        images: The data.
        mode: Mode of the game; only ``unsupervised`` needs no labels.
        task: Name of the label; the first one when left out.

    Raises:
        InputError: The channels cannot be split, labels are needed and missing, or all of one
            class.
    """
    if not _FEWEST <= images.channels <= _MOST:
        plural = "s" if images.channels != 1 else ""
        raise InputError(
            f"{images.name} has {images.channels} channel{plural}, but learned views split "
            f"{_FEWEST} to {_MOST}; goodviews study, given the same data, finds views of other "
            f"kinds."
        )
    named = class_columns(images)
    if task is not None and task not in named:
        raise unknown("task of classes", task, named)
    name = task or next(iter(named), "")
    labels = images.labels[name] if name else np.full(len(images), -1)
    train = np.flatnonzero(images.part == 0)
    known = train[labels[train] >= 0]
    if mode != "unsupervised" and not len(known):
        raise InputError(
            f"mode={mode} learns from labels, but {images.name} has none; give --labels "
            f"labels.csv, or use --mode unsupervised."
        )
    if len(known) and len(np.unique(labels[known])) < 2:
        only = images.classes[name][int(labels[known[0]])]
        raise InputError(
            f"All labels of {name!r} are {only!r}, but at least two classes are needed; label "
            f"images of another class, or use --mode unsupervised."
        )
    test = np.flatnonzero((images.part == 1) & (labels >= 0))[:TEST_MOST]
    if not len(test) and len(known) >= 6:
        most = min(len(known) // 3, TEST_MOST)
        known, test = cut(known, labels, most, seed=0, groups=images.groups)
    rest = np.setdiff1d(train, test)
    if images.groups is not None:
        rest = rest[~np.isin(images.groups[rest], images.groups[test])]
        known = np.intersect1d(known, rest)
    rng = np.random.default_rng(0)
    bare = rng.permutation(rest[labels[rest] < 0])
    order = np.concatenate([bare, rng.permutation(rest[labels[rest] >= 0])])
    held = order[: min(HELD_MOST, max(len(rest) // 5, 8))]
    if images.groups is not None:
        _, held = cut(rest, None, len(held), seed=0, groups=images.groups)
    labelled = np.setdiff1d(known, held)
    learn = np.setdiff1d(rest, held)
    said = f"{len(learn):,} images to learn from and {len(held):,} held out for the bound"
    if len(labelled):
        said += f"; {len(labelled):,} labels of {name} to learn from and {len(test):,} to test"
    return Roles(learn, held, labelled, test, name, labels, f"{said}.")


def fit_game(
    game: Game, images: Images, roles: Roles, *, given: Collection[str] = ()
) -> tuple[Game, list[str]]:
    """Fit a game to the data; a sentence reports each change.

    Args:
        game: To start from.
        images: The data.
        roles: Which images and labels are used for what.
        given: Names of settings that the user chose; they are not changed.
    """
    said = []
    count, side = len(roles.learn), min(images.height, images.width)
    batch = min(game.batch, max(count // 4 // 2 * 2, 32))
    if batch < game.batch and "batch" not in given:
        game = replace(game, batch=batch)
        said.append(f"{count:,} images: batches of {batch}.")
    if side > CROP and not {"views", "size"} & set(given):
        game = replace(game, views=f"crop(scale=(0.3, 1), size={CROP})|flip()")
        said.append(
            f"Images have {side} pixels: views are learned on crops of {CROP}; a generator maps "
            f"single pixels, so its file fits every size."
        )
    still = max(game.steps // 10, 1)
    if game.warm_up > still and "warm_up" not in given:
        game = replace(game, warm_up=still)
        said.append(f"A game of {game.steps} steps: the generator is fixed for the first {still}.")
    every = max(game.steps // 12, 1)
    if "look_every" not in given:
        game = replace(game, look_every=every)
    most = min(game.candidates, len(roles.held_out))
    if most < game.candidates:
        game = replace(game, candidates=most)
        said.append(
            f"{most} images are held out: no bound can exceed log {most} = "
            f"{math.log(most):.1f} nats."
        )
    if not len(roles.labelled):
        return game, said
    _, counts = np.unique(roles.labels[roles.labelled], return_counts=True)
    watchers = sum(min(round(game.held_labels * one), one - 1) for one in counts)
    if watchers == 1 and not {"held_labels", "give"} & set(given):  # one has no standard error
        game = replace(game, held_labels=0.0, give=0.0)
        said.append(
            f"Only {counts.sum()} labels to learn from: too few to watch whether a view loses the "
            f"label."
        )
    if counts.min() < _PER_CLASS and game.give:
        said.append(
            f"A class has {counts.min()} label{'s' if counts.min() > 1 else ''}: too few to watch "
            f"whether a view loses that class."
        )
    return game, said
