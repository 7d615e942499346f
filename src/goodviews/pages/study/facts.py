"""What the panel says about one view, and how the study was made, in words."""

from typing import Any

from goodviews.core.tokens import REGIMES
from goodviews.pages import words
from goodviews.pages.study.folder import Study
from goodviews.pages.study.tables import troubles

_ONE_SEED = "(one seed, no interval)"


def facts(
    task: dict[str, Any],
    view: dict[str, Any],
    index: int,
    views: list[dict[str, Any]],
    family: dict[str, Any] | None,
) -> dict[str, Any]:
    """What the panel says about a view."""
    regime = view["regime"] or "undecided"
    nats, spread = words.nats(view)
    known = []
    if view["against"]:
        label = f"against {view['against']['label']}"
        known.append((label, _points(view["against"])))
    if view["over_scratch"]:
        known.append(("against scratch", _points(view["over_scratch"])))
    if view["usable"] is not None:
        of = task["class_entropy_nats"]
        text = words.plain(view["usable"], _half(view, "usable"))
        known.append(("usable information", f"{text} of {of:.2f} nats" if of else f"{text} nats"))
    if view["kept"] is not None:
        half = _half(view, "kept")
        text = words.plain(view["kept"], half)
        if view["kept"] > 0:
            text = f"+{text}"
        known.append(("against whole image", f"{text} nats {_ends(view, 'kept', half)}"))
    return {
        "id": view["id"],
        "regime": regime,
        "word": REGIMES[regime].word if view["regime"] else "not judged: no labels",
        "place": f"{index + 1} of {len(views)}",
        "spec": words.spec(*words.split_value(view, family)),
        "nats": nats,
        "spread": f"{spread} nats" if spread.startswith("±") else spread,
        "accuracy": words.accuracy(view) if view["accuracy"] is not None else None,
        "interval": words.interval(view),
        "words": view["words"] or "",
        "facts": known,
        "notes": [*(view.get("notes") or []), *troubles(view)],
        "pairs": view["pairs"] or 0,
    }


def _points(value: dict[str, Any]) -> str:
    if value["low"] is None:
        return f"{words.points(value)} points {_ONE_SEED}"
    return words.points(value, ends=True).replace(" [", " points [", 1)


def _ends(view: dict[str, Any], name: str, half: float | None) -> str:
    """An interval in brackets, or why there is none."""
    if view[f"{name}_low"] is None:
        return _ONE_SEED
    low, high = (words.plain(view[f"{name}_{end}"], half) for end in ("low", "high"))
    return f"[{low}, {high}]"


def _half(view: dict[str, Any], name: str) -> float | None:
    if view.get(f"{name}_low") is None:
        return None
    return float(view[f"{name}_high"] - view[f"{name}_low"]) / 2


def made(study: Study) -> list[tuple[str, str]]:
    """How the study was made, as name and value."""
    run, data, splits, cells = (study.run, *(study.run[k] for k in ("data", "splits", "cells")))
    size = f"{data['height']} x {data['width']} pixels, {data['channels']} "
    size += "channel" if data["channels"] == 1 else "channels"
    skipped = data.get("skipped") or []
    lost = "; ".join(f"{s['file']} ({s['why']})" for s in skipped[:5])
    if len(skipped) > 5:
        lost += f"; and {len(skipped) - 5} more"
    classes = []
    for task, names in (data.get("classes") or {}).items():
        shown = ", ".join(map(str, names[:12])) + (", …" if len(names) > 12 else "")
        classes.append(f"{task}: {len(names)} ({shown})")
    split = f"{splits['pretrain']:,} to pretrain, {splits['held_out']:,} held out"
    if splits.get("test"):
        split += f", {splits['test']:,} to test, {splits['labels']:,} labels"
        split += f" drawn {splits['label_draws']} times"
    runs = f"{cells['done']} done, {cells['failed']} failed, {cells['resumed']} resumed"
    runs += f", {cells['undertrained']} still improving, {cells['collapsed']} collapsed"
    items = [
        ("data", f"{data['name']}, {data['count']:,} images, {size}"),
        ("source", data.get("source")),
        ("values", data.get("range")),
        ("hash of the data", data.get("hash")),
        ("files skipped", lost if skipped else "none"),
        ("classes", "; ".join(classes)),
        ("splits", split),
        ("protocol", splits.get("protocol")),
        ("hash of the splits", splits.get("hash")),
        ("encoder", run.get("encoder")),
        ("objective", run.get("objective")),
        ("training", f"{run['epochs']} epochs, batches of {run['batch']}"),
        ("candidates K", f"{run['candidates']:,}" if run.get("candidates") else None),
        ("seeds", ", ".join(map(str, run["seeds"]))),
        ("runs", runs),
        ("versions", ", ".join(f"{k} {v}" for k, v in run["versions"].items())),
        ("commit", run.get("commit")),
        ("hardware", run.get("hardware")),
        ("wall time", _duration(run.get("wall_seconds"))),
        ("date", run.get("date")),
    ]
    return [(name, str(text)) for name, text in items if text]


def _duration(value: float | None) -> str | None:
    if value is None:
        return None
    if value < 120:
        return f"{value:.0f} s"
    minutes = round(value / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
