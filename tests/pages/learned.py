"""Folders of learned views as learn-views leaves them, made up for tests of the page."""

import json
from pathlib import Path

from PIL import Image

SPEC = "crop(scale=(0.3, 1))|flip()|learned('g.safetensors', hash='0123456789abcdef')|split(1)"


def make_learned(
    folder: Path, *, channels: int = 3, labels: bool = True, compare: bool = True, side: int = 32
) -> Path:
    """Write ``learned.json`` and its pictures.

    Args:
        folder: Where.
        channels: Of the images.
        labels: Whether readouts were made.
        compare: Whether fixed views were judged.
        side: Pixels.

    Returns:
        The folder.
    """
    names = ["learned", "raw channels", "YDbDr", "Lab <b>"][: 4 if channels == 3 else 2]
    names += [f"channel {k} alone" for k in range(1, 6)] if channels != 3 else []
    rows = [_row(k, name, labels) for k, name in enumerate(names)] if compare else []
    task = "kind <i>" if labels else ""
    found = {
        "format": 1, "mode": "semi" if labels else "unsupervised", "seed": 0, "task": task,
        "data": {"name": "scans <b>", "hash": "ab" * 8, "count": 900,
                 "shape": [channels, side, side]},
        "spec": SPEC, "views": "crop(scale=(0.3, 1))|flip()", "split": 1, "advise": SPEC,
        "roles": {"learn": 700, "held_out": 100, "labelled": 60, "test": 40},
        "game": {"generator": "vp()", "encoder": "convnet()", "head": "projector()", "batch": 256,
                 "critic": "cosine", "bound": "infonce", "generator_rate": 2e-4,
                 "encoder_rate": 2e-3, "classifier_rate": 2e-3, "warm_up": 20},
        "said": ["700 images learn.", "700 images: batches of 174."],
        "steps": 200, "stopped": "", "verdict": "fine", "candidates": 100, "ceiling_nats": 4.605,
        "looks": [_look(step, labels) for step in range(0, 201, 50)],
        "tried": [
            {"step": 100, "in_game_nats": 1.0, "keeps": labels or None, "chosen": False,
             **_bound(3.5)},
            {"step": 200, "in_game_nats": -0.01, "keeps": labels or None, "chosen": True,
             **_bound(2.5)},
        ],
        "reason": "Of 2 generators of the game that of step 200 shares least.", "dodged": "",
        "judge_steps": 264, "rows": rows, "short": "Bounds are short: `--judge-steps 1056`.",
        "headline": "The learned view shares 1.5 nats less than the raw channels and keeps kind",
        "lead": "Right on .702: +1.5 points [−1.0, +4.0].", "edge": "sweet", "verdict_said": "",
        "take": "learned", "compare": "No fixed view shares less",
        "command": "goodviews learn-views",
        "next": "goodviews study scans --views @learned/views.txt --seeds 5",
        "origin": {"commit": "abc", "started": "2026-01-01T00:00:00+00:00",
                   "versions": {"goodviews": "0.1.0"}, "hardware": "one"},
        "channels": {"count": 4, "size": [side, side], "whole": channels > 2,
                     "before": [[0.0, 1.0]] * channels, "after": [[-0.5, 1.2]] * channels,
                     "apart": {"bent": True, "top": 0.125}},
        "loss": {"batch": 174, "chance": 5.159, "steps": [1.0, 100.0, 200.0],
                 "values": [5.3, 3.0, 4.0]},
        "pairs": 6,
        "meanings": [
            {"weights": [0.6 + (c == k) for k in range(channels)],
             "explained": 0.97 - 0.3 * (c == 1)}
            for c in range(channels)
        ],
    }  # fmt: skip
    place = folder / "pictures"
    place.mkdir(parents=True)
    tile = Image.new("RGB", (side, side), "grey")
    for i in range(4):
        tile.save(place / f"whole-{i}.webp")
        for c in range(channels):
            tile.save(place / f"before-{i}-{c}.webp")
            tile.save(place / f"after-{i}-{c}.webp")
            tile.save(place / f"apart-{i}-{c}.webp")
    for i in range(6):
        tile.save(place / f"pair-{i}-1.webp")
        tile.save(place / f"pair-{i}-2.webp")
    (folder / "learned.json").write_text(json.dumps(found))
    return folder


def _bound(nats: float) -> dict[str, object]:
    return {"nats": nats, "stderr_nats": 0.04, "ceiling_nats": 4.605, "candidates": 100,
            "at_ceiling": nats > 4.4}  # fmt: skip


def _row(place: int, name: str, labels: bool) -> dict[str, object]:
    view = SPEC if name == "learned" else "crop(scale=(0.3, 1))|flip()|split(1)"
    row: dict[str, object] = {"name": name, "view": view, **_bound(2.5 + 0.5 * place)}
    if place:
        row["less_nats"] = [0.5 * place, 0.5 * place - 0.1, 0.5 * place + 0.1]
    if labels:
        share = 0.7 - 0.02 * place
        row |= {"accuracy": share, "low": share - 0.04, "high": share + 0.04, "knn": share - 0.1,
                "undertrained": place == 1}  # fmt: skip
        if place:
            row["more_points"] = [2.0 * place, 2.0 * place - 3, 2.0 * place + 3]
    return row


def _look(step: int, labels: bool) -> dict[str, object]:
    known = {"first_nats": 0.4, "second_nats": 0.5, "image_nats": 0.6, "lost_nats": 0.2,
             "lost_stderr": 0.1}  # fmt: skip
    return {
        "step": step, "shared_nats": 4.0 - step / 50, "shared_stderr": 0.1,
        **(known if labels else dict.fromkeys(known)), "redundancy": 0.8 - step / 400,
        "inverse_error": 3e-7, "moved": 0.1,
    }  # fmt: skip
