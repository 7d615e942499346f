"""Check of a dataset: what was read, what is odd or slow, and what to type next."""

import hashlib
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.command import command_line, label_options
from goodviews.core.errors import InputError
from goodviews.data.columns import parse_columns
from goodviews.data.finding import Finding
from goodviews.data.group_checks import group_signs
from goodviews.data.images import Images, spaced
from goodviews.data.loading import load
from goodviews.data.objects import Data
from goodviews.data.splits import FEWEST, splits
from goodviews.data.tasks import LabelTask, imbalanced, label_tasks
from goodviews.data.value_range import CHOOSE

LOOKED_AT = 20_000
"""Maximum number of images checked one by one; in larger datasets they are evenly spaced."""


QUANTILES = (0.001, 0.999)

SLIVER = 0.2
"""Share of the range that should hold more than nearly all values."""
FAR = 0.5
"""Distance to all other values at which a value of 8 bits may mark missing data."""


def examine(data: Data = None, **options: Any) -> list[Finding]:
    """Check a dataset as a study would read it.

    Args:
        data: Same as in :func:`goodviews.data.load`.
        **options: Same as in :func:`goodviews.data.load`.

    Returns:
        Findings in reading order; a dataset that cannot be used gives a finding of kind
        ``broken``, not an exception.

    Example:
        >>> print(examine("digits")[0])
        read: 1,797 images named 'digits', 1 channel, 16x16 pixels, float32.
    """
    decoded = 0

    def count(done: int, _total: int) -> None:
        nonlocal decoded
        decoded = done

    start = time.perf_counter()
    try:
        images = load(data, **options, progress=count)
    except InputError as error:
        return [Finding("broken", str(error))]
    spent = time.perf_counter() - start
    found = [*_read(images), *_labels(images), *_pixels(images)]
    found += [Finding("odd", note) for note in images.notes]
    if decoded:
        each = 1000 * spent / decoded
        found.append(
            Finding(
                "slow" if each > 20 else "read",
                f"Decoding took {each:.1f} ms per image ({spent:.1f} s in total).",
                "Images are decoded once; later runs read the cache.",
            )
        )
    if any(finding.kind == "broken" for finding in found):
        return found
    return [*found, *_next(images, data, options)]


def _read(images: Images) -> list[Finding]:
    channels = f"{images.channels} channel" + ("s" if images.channels > 1 else "")
    found = [
        Finding(
            "read",
            f"{len(images):,} images named {images.name!r}, {channels}, "
            f"{images.height}x{images.width} pixels, {images.pixels.dtype}.",
        ),
        Finding("read", images.source),
        Finding("read", images.range_note),
    ]
    if images.part.any():
        tests = int(images.part.sum())
        found.append(Finding("read", f"{len(images) - tests:,} train and {tests:,} test images."))
    if images.skipped:
        few = "; ".join(f"{file}: {why}" for file, why in images.skipped[:3])
        more = f"; and {len(images.skipped) - 3} more" if len(images.skipped) > 3 else ""
        found.append(
            Finding(
                "odd",
                f"{len(images.skipped):,} files were skipped ({few}{more}).",
                "Replace or remove them.",
            )
        )
    return found


def _labels(images: Images) -> list[Finding]:
    if not images.labels:
        return [
            Finding(
                "missing",
                "There are no labels, so a study can measure information and geometry only.",
                "Pass a few hundred labels with --labels file.csv (path, then one column per "
                "task).",
            )
        ]
    found = [Finding("read", images.label_note)] if images.label_note else []
    for task in label_tasks(images).values():
        found += _classes(task, len(images)) if task.kind == "classes" else [_other(task)]
        if task.known < 100:
            found.append(
                Finding(
                    "missing",
                    f"Confidence intervals will be wide: {task.name!r} has only {task.known} "
                    "labels.",
                    "A few hundred labels are needed to distinguish views.",
                )
            )
    return found


def _classes(task: LabelTask, images: int) -> list[Finding]:
    """How many images of each class there are, and what decides where these numbers differ."""
    counts = Counter(task.strata[task.strata >= 0].tolist())
    names = task.classes
    least, most = min(counts, key=lambda c: counts[c]), max(counts, key=lambda c: counts[c])
    found = [
        Finding(
            "read",
            f"Task {task.name!r}: {task.known:,} of {images:,} images labelled, {len(counts)} "
            f"classes of {counts[least]:,} ({names[least]}) to {counts[most]:,} ({names[most]}) "
            "images.",
        )
    ]
    if imbalanced(task.strata):
        found.append(
            Finding(
                "odd",
                f"Classes of {task.name!r} are imbalanced, so balanced accuracy decides: always "
                f"answering {names[most]} has {counts[most] / task.known:.0%} accuracy.",
                f"Label more images of {names[least]} if possible.",
            )
        )
    return found


def _other(task: LabelTask) -> Finding:
    """What a task of several labels or of numbers holds, and what decides there."""
    assert task.values is not None
    if task.kind == "number":
        low, high = np.nanmin(task.values), np.nanmax(task.values)
        text = f"numbers from {low:g} to {high:g}; R2 of ridge regression decides."
    else:
        counts = np.nansum(task.values, axis=0)
        least, most = int(counts.argmin()), int(counts.argmax())
        text = (
            f"several of {len(counts)} labels each, on {counts[least]:,.0f} "
            f"({task.outputs[least]}) to {counts[most]:,.0f} ({task.outputs[most]}) images; macro "
            "AUROC decides."
        )
    return Finding("read", f"Task {task.name!r}: {task.known:,} images labelled, {text}")


def _pixels(images: Images) -> list[Finding]:
    """Duplicates and constant images among those checked."""
    step = max(1, -(-len(images) // LOOKED_AT))
    rows = np.arange(0, len(images), step)
    seen: dict[bytes, int] = {}
    doubles, leaks, constant = 0, 0, 0
    for row in rows.tolist():
        image = np.ascontiguousarray(images.pixels[row])
        constant += int((image == image[:, :1, :1]).all() and image[0].size > 1)
        digest = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
        first = seen.setdefault(digest, row)
        if first != row:
            doubles += 1
            leaks += int(images.part[first] != images.part[row])
    among = f"{len(rows):,} images" if step == 1 else f"{len(rows):,} images checked"
    found = []
    if images.height * images.width == 1 and images.channels <= 4:
        found.append(Finding("broken", "Images have only one pixel.", "Use larger images."))
    if text := _squashed(images):
        found.append(Finding("odd", text, f"To spread them, {CHOOSE}."))
    if doubles:
        across = f", {leaks:,} of them in both train and test" if leaks else ""
        found.append(
            Finding(
                "odd",
                f"{doubles:,} of {among} are exact duplicates of another{across}.",
                "Remove them: a duplicate in train and test makes the test too easy.",
            )
        )
    if constant == len(rows):
        found.append(Finding("broken", f"All of {among} have a single colour."))
    elif constant:
        found.append(
            Finding("odd", f"{constant:,} of {among} have a single colour.", "Remove them.")
        )
    return found


def _squashed(images: Images) -> str:
    """A sentence where nearly all values of every channel are in a small part of [0, 1]."""
    some = images.batch(spaced(images)).numpy()
    values = some.transpose(1, 0, 2, 3).reshape(images.channels, -1)
    for fill in (None, values.max(), values.min()):
        kept = values if fill is None else np.where(values == fill, np.nan, values)
        if np.isnan(kept).all(axis=1).any():
            continue
        ends = np.nanquantile(kept, QUANTILES, axis=1)
        low, high = float(ends[0].min()), float(ends[1].max())
        widest = float((ends[1] - ends[0]).max())
        near = fill is not None and min(abs(fill - low), abs(fill - high)) < FAR
        if 0 < widest < SLIVER and not near:
            share = "99.8 % of the values" if fill is None else "Nearly all other values"
            return (
                ("" if fill is None else f"Some values are {fill:.3g}, perhaps to mark no data. ")
                + f"{share} lie within {100 * widest:.2g} % of the range that became 0 to 1 (from "
                f"{low:.3g} to {high:.3g})."
            )
    return ""


def _next(images: Images, data: Data, options: dict[str, Any]) -> list[Finding]:
    if len(images) < FEWEST:
        return [
            Finding(
                "broken",
                f"A study needs at least {FEWEST} images, but there are {len(images)}.",
                "Add images, with or without labels.",
            )
        ]
    try:
        parts = splits(images)
    except InputError as error:
        return [Finding("broken", str(error))]
    names = {"groups": "groups", "size": "size", "channels": "channels"}
    names |= {"value_range": "range", "root": "root"}
    given = {word: options[key] for key, word in names.items() if options.get(key) is not None}
    labels = options.get("labels")
    if columns := options.get("columns"):
        given["column"] = [f"{name}={way}" for name, way in parse_columns(columns).items()]
    if not all(isinstance(one, str | Path | None) for one in (data, labels, given.get("groups"))):
        ready = "goodviews.study(...) with the same arguments"
    else:
        ready = command_line("study", {"data": data, **label_options(labels), **given})
    signs = [Finding("odd", *one) for one in group_signs(images, parts)]
    return [Finding("read", parts.protocol), *signs, Finding("next", "Ready:", ready)]
