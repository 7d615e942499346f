"""Study folders with invented values, in the form of ``docs/study_folder.md``."""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from goodviews.core.files import write_json, write_text
from goodviews.core.interval import Interval
from goodviews.core.records.rows import Row, write_rows
from goodviews.core.records.run import Run
from goodviews.core.records.verdict import Verdict
from goodviews.core.text import percent

CASES: dict[str, dict[str, Any]] = {
    "family": {},
    "crowded": {
        "low": 0.925,
        "top": 0.945,
        "nats": (5.2, 6.6),
        "scratch": 0.88,
        "half": 0.006,
        "centre": 5.8,
    },
    "one_view": {"views": 1, "peak": None},
    "sixty": {"views": 60, "half": 0.012, "plain": True},
    "no_labels": {"labels": False},
    "undecided": {"peak": "none", "low": 0.60, "top": 0.62, "scratch": 0.605},
    "one_sided": {"peak": "left", "centre": 1.9},
    "right_sided": {"peak": "right", "centre": 6.4},
    "at_ceiling": {"nats": (4.9, 6.66), "ceiling_from": 6.1, "peak": "none"},
    "two_tasks": {"tasks": ("digit", "position")},
    "dont": {"low": 0.50, "top": 0.561, "scratch": 0.612, "wording": "do_not_pretrain"},
    "hostile": {"hostile": True, "plain": True},
    "letters": {"plain": True, "views": 11, "letters": True},
    "parts": {"plain": True, "views": 6, "extra_parts": True},
    "small_pixels": {"tile": 16},
    "lengths": {"lengths": True},
}


def make_study(folder: Path, name: str = "family", **changes: Any) -> Path:
    """Write one of ``CASES`` into a folder and return the folder."""
    options: dict[str, Any] = {**_DEFAULTS, **CASES[name], **changes}
    folder.mkdir(parents=True, exist_ok=True)
    views = _views(options)
    tasks = [_task(task, i, views, options) for i, task in enumerate(options["tasks"])]
    if not options["labels"]:
        tasks = [_no_labels(views, options)]
    verdict = {
        "schema": 1,
        "ceiling": {"nats": math.log(options["candidates"]), "candidates": options["candidates"]},
        "tasks": tasks,
        "trust": _trust(options),
        "compromise": _compromise(tasks, views) if len(tasks) > 1 else None,
    }
    write_json(folder / "verdict.json", Verdict.from_json(verdict).to_json())
    write_json(folder / "run.json", Run.from_json(_run(views, options)).to_json())
    write_rows(folder / "rows.csv", _rows(tasks, options))
    _pairs(folder / "pairs", views, options)
    if tasks[0]["winner"]:
        best = next(v["view"] for v in views if v["id"] == tasks[0]["winner"])
        write_text(folder / "best_view.txt", best + "\n")
    return folder


_DEFAULTS: dict[str, Any] = {
    "views": 7,
    "labels": True,
    "tasks": ("label",),
    "peak": "inside",
    "centre": 4.1,
    "low": 0.541,
    "top": 0.668,
    "half": 0.015,
    "scratch": 0.572,
    "nats": (1.95, 6.14),
    "candidates": 797,
    "ceiling_from": 6.13,
    "tile": 96,
    "plain": False,
    "letters": False,
    "extra_parts": False,
    "hostile": False,
    "lengths": False,
    "wording": "sweet_spot",
}

_VALUES = ("0.05", "0.1", "0.2", "0.3", "0.5", "0.7", "0.9")
_PARTS = (
    "crop(scale=(0.08, 1))|flip()|jitter(0.4)|grey(p=0.2)|blur(p=0.5)",
    "crop(scale=(0.3, 1))|flip()|grey(p=0.4)",
    "crop(scale=(0.3, 1))|flip()|jitter(0.4)",
    "crop(scale=(0.5, 1))|rotate(degrees=30)|noise(std=0.1)",
    "crop(scale=(0.3, 1))|flip()",
    "identity()",
)


def _views(options: dict[str, Any]) -> list[dict[str, Any]]:
    n = options["views"]
    lo, hi = options["nats"]
    views = []
    for i in range(n):
        nats = lo + (hi - lo) * (i / max(n - 1, 1)) ** 0.9 if n > 1 else (lo + hi) / 2
        spec, label, value = _name(i, n, options)
        views.append(
            {
                "id": f"v-{i}",
                "view": spec,
                "role": "candidate",
                "label": label,
                "value": value,
                "in_family": value is not None,
                "nats": round(nats, 3),
                "nats_low": round(nats - 0.1, 3),
                "nats_high": round(nats + 0.1, 3),
                "at_ceiling": nats >= options["ceiling_from"],
            }
        )
    return views


def _name(i: int, n: int, options: dict[str, Any]) -> tuple[str, str, str | None]:
    if options["hostile"]:
        return f"crop(scale=(0.{i + 1}, 1))|<script>alert({i})</script>", f"<b>{i}</b>&\"'", None
    if options["extra_parts"]:
        spec = _PARTS[i]
        return spec, ("…" + spec[-22:] if len(spec) > 24 else spec), None
    if options["plain"]:
        spec = f"crop(scale=({0.02 + 0.96 * i / n:.3g}, 1))|flip()|jitter({(i * 7) % 10 / 10:g})"
        return spec, chr(65 + i) if options["letters"] else f"{0.02 + 0.96 * i / n:.2g}", None
    value = _VALUES[i]
    return f"crop(scale=({value}, 1))|flip()|jitter(0.4)", value, value


def _accuracy(nats: float, options: dict[str, Any], shift: float, wiggle: float = 0.006) -> float:
    lo, hi = options["nats"]
    reach = max(options["centre"] + shift - lo, hi - options["centre"] - shift, 0.5)
    fall = ((nats - options["centre"] - shift) / reach) ** 2
    wiggle *= math.sin(9 * nats) * (options["top"] - options["low"]) / 0.13
    return float(options["top"] - (options["top"] - options["low"]) * fall + wiggle)


def _task(
    task: str, index: int, views: list[dict[str, Any]], options: dict[str, Any]
) -> dict[str, Any]:
    half, scratch, kind = options["half"], options["scratch"], options["peak"]
    shift = -0.9 * index
    centre = options["centre"] + shift
    low, high = centre - 0.6, centre + 0.6
    done = []
    for view in views:
        a = _accuracy(view["nats"], options, shift)
        regime = "undecided"
        if kind in ("inside", "left", "right"):
            regime = "sweet_spot" if low <= view["nats"] <= high else "excess"
            regime = "missing" if view["nats"] < low else regime
            regime = "undecided" if view["label"] in ("0.5",) else regime
        done.append({**view, **_numbers(a, half, scratch), "regime": regime})
    best = max(done, key=lambda v: v["accuracy"])
    best["against"] = {"label": "0.2", "points": 0.9, "low": -1.1, "high": 2.9}
    texts = {
        "inside": f"peak {centre:.1f} nats [{low:.1f}, {high:.1f}]",
        "left": f"peak at or below {high:.1f} nats",
        "right": f"peak at or above {low:.1f} nats",
        "none": "not enough evidence for a peak",
    }
    peak = None
    if kind is not None:
        peak = {"kind": kind, "nats": centre, "low": low, "high": high, "text": texts[kind]}
    xs = [float(x) for x in np.linspace(views[0]["nats"], views[-1]["nats"], 40)]
    fit = [_accuracy(x, options, shift, wiggle=0.0) for x in xs]
    curve = None
    if len(views) > 3 and not options["plain"]:
        curve = {
            "nats": xs,
            "median": fit,
            "low": [f - 0.7 * half for f in fit],
            "high": [f + 0.7 * half for f in fit],
        }
    return {
        "task": task,
        "classes": 10,
        "class_entropy_nats": 2.3026,
        "wording": options["wording"],
        "regime": best["regime"],
        "question": "Which views should digits be pretrained with?",
        "advice": _advice(best, options),
        "worth": _worth(best, scratch, half, options),
        "finding": _finding(options),
        "alt": f"Accuracy rises from {done[0]['accuracy']:.3f} at {xs[0]:.1f} nats to "
        f"{best['accuracy']:.3f} at {best['nats']:.1f}; from scratch {scratch:.3f}.",
        "winner": best["id"],
        "views": done,
        "baselines": [
            _baseline("supervised from scratch", "same encoder, same 100 labels", scratch, half),
            _baseline("random weights", "same encoder, untrained", 0.381, 0.019, scratch),
            _baseline("raw pixels", "logistic regression", 0.302, 0.014, scratch),
        ],
        "curve": curve,
        "peak": peak,
        "comparison": _comparison(scratch, best["accuracy"], half, options),
        "lengths": _lengths(best, done) if options["lengths"] else None,
    }


def _comparison(scratch: float, best: float, half: float, options: dict[str, Any]) -> Any:
    """From scratch, frozen and fine-tuned with few and with all labels; for one seed, a note."""
    if options["peak"] is None:
        note = "The comparison needs about 2 min of processor time: give it more --minutes."
        empty = {"frozen": "", "tuned": "", "open": "", "counts": []}
        return {"decision": "none", "note": note, **empty}

    def arm(name: str, value: float, over: float | None = None) -> dict[str, Any]:
        gap = over and {"points": over, "low": over - 2.1, "high": over + 2.1}
        low, high = value - half, min(value + half, 1.0)
        return {
            "name": name, "accuracy": value, "low": low, "high": high, "over_scratch": gap,
        }  # fmt: skip

    gap = 100 * (best - scratch)
    arms = [
        arm("from scratch, light augmentation", scratch),
        arm("from scratch, the view's augmentation", scratch - 0.02),
        arm("best view, frozen: linear probe", best, gap),
        arm("best view, frozen: nearest neighbours", best - 0.05),
        arm("best view, fine-tuned", best + 0.01, gap + 1),
    ]
    counts = ((40, "40 labels (4 per class)"), (640, "all 640 labels"))
    return {
        "decision": "worth" if gap > 0 else "not_worth",
        "frozen": f"Frozen: yes with all 640 labels, +{gap:.1f} points [+2.0, +9.0].",
        "tuned": f"Fine-tuned: yes with all 640 labels, +{gap + 1:.1f} points [+2.0, +9.0].",
        "open": "",
        "note": "The same 4 label draws, seeds and tested images for all.",
        "counts": [
            {"labels": labels, "text": text, "draws": 4, "arms": arms} for labels, text in counts
        ],
    }


def _lengths(best: dict[str, Any], done: list[dict[str, Any]]) -> dict[str, Any]:
    """The best view and two others at six lengths, the last two of them forecasts."""
    curves = []
    for place, view in enumerate([best, done[0], done[-1]]):
        points = []
        for factor in (0.25, 0.5, 1, 2, 4, 16):
            a = view["accuracy"] + 0.02 * math.log2(factor) - 0.01 * place
            nats = view["nats"] + 0.3 * math.log2(factor)
            points.append(
                {"epochs": round(640 * factor), "factor": factor, "measured": factor <= 2,
                 "nats": nats, "nats_low": nats - 0.1, "nats_high": nats + 0.1,
                 "accuracy": a, "low": a - 0.02, "high": a + 0.02}
            )  # fmt: skip
        curves.append({"view": view["view"], "label": view["label"], "seeds": 1, "points": points})
    return {
        "epochs": 640, "target": 10_240, "curves": curves,
        "finding": f"From 160 to 1,280 epochs, accuracy changes from 50 % to 60 % with "
        f"`{best['label']}`.",
        "forecast": "Forecasts have 80 % intervals.", "choice": "undecided",
        "answer": "Undecided: −1.0 points [−4.8, +2.1] compared with training from scratch.",
        "command": "goodviews study digits --views 'crop(scale=(0.3, 1))' --epochs 2560",
    }  # fmt: skip


def _baseline(
    name: str, detail: str, a: float, half: float, scratch: float | None = None
) -> dict[str, Any]:
    numbers = _numbers(a, half, a if scratch is None else scratch)
    if scratch is None:
        numbers["over_scratch"] = None
    shown = ("accuracy", "low", "high", "over_scratch", "usable", "knn", "seconds")
    known = {key: numbers[key] for key in shown}
    return {"name": name, "detail": detail, "scratch": scratch is None, **known}


def _numbers(a: float, half: float, scratch: float) -> dict[str, Any]:
    points = 100 * (a - scratch)
    return {
        "accuracy": a,
        "low": a - half,
        "high": a + half,
        "over_scratch": {"points": points, "low": points - 2.5, "high": points + 2.5},
        "against": None,
        "words": "Keeps what tells the classes apart; most of what does not matter no longer "
        "agrees between the views.",
        "usable": 2.1 * a,
        "usable_low": 2.1 * a - 0.06,
        "usable_high": 2.1 * a + 0.06,
        "about_label": 1.31,
        "about_label_low": 1.22,
        "about_label_high": 1.4,
        "knn": a - 0.06,
        "seconds": 74.8,
        "undertrained": 0,
        "collapsed": 0,
        "notes": [],
        "pairs": 6,
    }


def _finding(options: dict[str, Any]) -> str:
    if options["peak"] == "none":
        return "No view is measurably worse than the best one"
    if options["peak"] is None:
        return "One view, one point"
    if options["peak"] == "left":
        return "Accuracy still rises at the strongest crop tried"
    if options["peak"] == "right":
        return "Accuracy rises with shared nats up to the ceiling"
    return f"Accuracy peaks where the views share about {options['centre']:.0f} nats"


def _advice(best: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    a, half = best["accuracy"], options["half"]
    text = percent(Interval(a, a - half, a + half))
    if options["wording"] == "do_not_pretrain":
        return {
            "head": "Do not pretrain: train from scratch. Best view:",
            "spec": best["view"],
            "recommended": False,
            "lead": "With 100 labels, a linear probe on this view, the best of "
            f"{options['views']}, reaches {text} accuracy, 5.1 points [2.8, 7.4] less than "
            "training from scratch (61.2 % [59.7, 62.7]). One run with it took 75 s.",
            "reason": "",
            "open": "whether a longer pretraining would help.",
            "command": "goodviews study digits --epochs 200",
        }
    if options["peak"] == "none":
        return {
            "head": "Undecided whether to pretrain. Best view so far:",
            "spec": best["view"],
            "recommended": False,
            "lead": "With 100 labels, a linear probe on this view, the best of 7, reaches 62.0 % "
            "[60.5, 63.5] accuracy, +1.2 points [−0.9, 3.3] compared with training from scratch.",
            "reason": "",
            "open": "whether the difference is real; about 900 more test labels would separate "
            "them.",
            "command": "goodviews study digits --labels 1000",
        }
    return {
        "head": "Pretrain with",
        "spec": best["view"],
        "lead": f"With 100 labels, a linear probe on this view reaches {text} accuracy, 9.6 "
        "points [7.0, 12.1] more than training from scratch.",
        "reason": "Views that share less lose information that the task needs; views that share "
        "more keep information that the task does not need.",
        "open": "whether `0.2` is as good as `0.3`. Use either; about 1,400 more test labels "
        "would separate them.",
        "command": "goodviews pretrain digits --views best_view.txt",
    }


def _worth(
    best: dict[str, Any], scratch: float, half: float, options: dict[str, Any]
) -> dict[str, Any]:
    good = best["low"] > scratch
    rows = [("raw pixels", 0.302, 0.014), ("random weights", 0.381, 0.019)]
    rows += [("supervised from scratch", scratch, half)]
    rows += [("best view, then readout", best["accuracy"], half)]
    return {
        "answer": "Yes, with these labels." if good else "No, not with these labels.",
        "good": good,
        "note": "Accuracy on 797 test images, 3 seeds, 95 % intervals.",
        "rows": [
            {"name": n, "accuracy": a, "low": a - h, "high": a + h, "best": i == 3}
            for i, (n, a, h) in enumerate(rows)
        ],
    }


def _compromise(tasks: list[dict[str, Any]], views: list[dict[str, Any]]) -> dict[str, Any]:
    def gap(points: float) -> dict[str, float]:
        return {"points": points, "low": points - 1.5, "high": points + 1.5}

    rows = [
        {
            "task": task["task"],
            "best": "0.3",
            "regret": {"points": 1.2, "low": 0.0, "high": 3.1},
            "over_scratch": gap(8.4),
            "second": "0.3",
            "gain": gap(1.2),
        }
        for task in tasks
    ]
    return {
        "view": views[2]["view"],
        "id": views[2]["id"],
        "recommended": True,
        "lead": "Its largest loss over the 2 tasks is the smallest of all views.",
        "more": "One more pretraining would cost about 75 s at this length and serve two views.",
        "tasks": rows,
    }


def _no_labels(views: list[dict[str, Any]], options: dict[str, Any]) -> dict[str, Any]:
    empty = _numbers(0.5, 0.1, 0.5)
    done = []
    for view in views:
        view = {**empty, **view, "regime": None, "words": "", "seconds": 61.0, "pairs": 6}
        for key in (*_numbers(0.5, 0.1, 0.5),):
            if key not in ("words", "seconds", "undertrained", "collapsed", "notes", "pairs"):
                view[key] = None
        done.append(view)
    return {
        "task": "",
        "classes": 0,
        "class_entropy_nats": None,
        "wording": "no_labels",
        "regime": "undecided",
        "question": "Which views should photos be pretrained with?",
        "advice": {
            "head": "No advice without labels",
            "spec": None,
            "lead": "Views are ordered by shared nats only.",
            "reason": "",
            "open": "which of them keeps what you need. 200 labels in a CSV would give an answer.",
            "command": "goodviews study photos --labels labels.csv",
        },
        "worth": None,
        "finding": "The views share from 1.9 to 6.1 nats",
        "alt": "Shared nats rise from 1.9 to at least 6.1.",
        "winner": None,
        "views": done,
        "baselines": [],
        "curve": None,
        "peak": None,
    }


def _trust(options: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": "One view under two names",
            "ok": True,
            "value": "0.3 points [−1.1, 1.7]",
            "text": "Two copies are statistically indistinguishable, as they should be.",
            "do": "",
        },
        {
            "name": "Shuffled labels",
            "ok": True,
            "value": ".103 [.091, .115]",
            "text": "At chance, as it must be.",
            "do": "",
        },
        {
            "name": "Bounds at their ceiling",
            "ok": False,
            "value": "2 of 7",
            "text": "Their order by nats is not known.",
            "do": "`--candidates 4096` lifts the ceiling to 8.3 nats.",
        },
        {
            "name": "Files skipped",
            "ok": False,
            "value": "1 of 1,798",
            "text": "broken.jpg (truncated).",
            "do": "Repair or remove it.",
        },
    ]


def _run(views: list[dict[str, Any]], options: dict[str, Any]) -> dict[str, Any]:
    classes = [str(i) for i in range(10)]
    if options["hostile"]:
        classes = ["<script>alert('c')</script>", '"><img src=x onerror=alert(1)>', "&amp;"]
    family = None
    if views[0]["in_family"]:
        family = {
            "template": "crop(scale=({s}, 1))|flip()|jitter(0.4)",
            "argument": "scale",
            "values": [float(v["value"]) for v in views],
        }
    return {
        "schema": 1,
        "data": {
            "name": "</title><script>alert(1)</script>" if options["hostile"] else "digits",
            "task_data": None,
            "count": 1797,
            "height": 16,
            "width": 16,
            "channels": 1,
            "source": "8 x 8, enlarged to 16 x 16",
            "range": "0 to 16, divided by 16",
            "hash": "9f2c81d07a44",
            "skipped": [{"file": "<img src=x>.jpg", "why": "truncated"}],
            "display": "grey as grey",
            "labelled": dict.fromkeys(options["tasks"], 1797) if options["labels"] else {},
            "classes": dict.fromkeys(options["tasks"], classes) if options["labels"] else {},
            "notes": [],
        },
        "splits": {
            "pretrain": 1000,
            "held_out": 797,
            "test": 797,
            "choose": 0,
            "labels": 100,
            "label_draws": 10,
            "protocol": "cross-fitted: each image is read by a readout that did not see it",
            "hash": "1b33c0de",
        },
        "family": family,
        "encoder": "convnet(width=16)",
        "objective": "infonce(temperature=0.1)",
        "epochs": 60,
        "batch": 250,
        "candidates": options["candidates"],
        "seeds": [0, 1, 2],
        "cells": {"done": 27, "failed": 0, "resumed": 3, "undertrained": 1, "collapsed": 0},
        "command": "goodviews study digits --out study-digits",
        "versions": {"goodviews": "0.1.0", "torch": "2.15.0", "python": "3.11.7"},
        "commit": "abc1234",
        "hardware": "2 x AMD EPYC, 23 GiB",
        "wall_seconds": 1182.4,
        "date": "2026-11-22",
        "wording": options["wording"],
    }


def _rows(tasks: Sequence[dict[str, Any]], options: dict[str, Any]) -> list[Row]:
    rows = []
    for task in tasks:
        for view in task["views"]:
            for seed in range(3):
                rows.append(
                    Row(
                        view=view["view"],
                        seed=seed,
                        task=task["task"],
                        estimate_nats=view["nats"] + 0.01 * seed,
                        stderr_nats=0.05,
                        at_ceiling=view["at_ceiling"],
                        readout_top1=view["accuracy"],
                        seconds=view["seconds"],
                    )
                )
    return rows


def _pairs(folder: Path, views: list[dict[str, Any]], options: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    tile = options["tile"]
    for i, view in enumerate(views):
        share = i / max(len(views) - 1, 1)
        for k in range(6):
            left, right = (_tile(k, share, tile, view["id"] + side) for side in "ab")
            gap = np.full((tile, 2, 3), 255, np.uint8)
            joined = Image.fromarray(np.concatenate([left, gap, right], axis=1))
            joined.save(folder / f"{view['id']}-{k}.webp", quality=80, method=2)


def _tile(k: int, share: float, tile: int, key: str) -> np.ndarray:
    seed = int(hashlib.sha256(f"{key}{k}".encode()).hexdigest()[:8], 16)
    rng = np.random.default_rng(seed)
    size = 0.25 + 0.75 * share
    corner = rng.uniform(0, 1 - size + 1e-9, 2)
    y, x = (
        corner[a] + size * np.linspace(0, 1, tile).reshape((-1, 1) if a == 0 else (1, -1))
        for a in (0, 1)
    )
    hue = 2 * np.pi * k / 6
    sky = np.stack([0.5 + 0.4 * np.cos(hue + p) * (1 - 0.6 * y) + 0 * x for p in (0, 2, 4)], -1)
    disc = ((x - 0.35 - 0.05 * k) ** 2 + (y - 0.55) ** 2) < 0.06
    bar = (np.abs(x - 0.75) < 0.08) & (y > 0.3)
    image = np.where(disc[..., None], (0.95, 0.85, 0.35), sky)
    image = np.where((bar & np.ones_like(disc))[..., None], (0.15, 0.2, 0.35), image)
    image = image + rng.normal(0, 0.03, image.shape)
    return (255 * np.clip(image, 0, 1)).astype(np.uint8)
