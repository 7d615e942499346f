"""The page of one view: what its steps do to images, and what becomes of their values."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from goodviews.pages.chart.lines import Line, chart, steps
from goodviews.pages.shell import sibling
from goodviews.pages.study.gallery import KEEP_PIXELS

LARGEST = 256
"""Pixels past which a shown image is made smaller."""

MUCH = 0.05
"""Share of clipped values that is worth a warning."""

ROOM = {"pair": 168, "pair_narrow": 74, "shot": 128, "shot_narrow": 98}
"""Pixels one image may take on a laptop and on a phone."""


def views_page(seen: dict[str, Any]) -> str:
    """The page that shows what a view does.

    Args:
        seen: Plain data: ``spec``, ``data``, ``count``, ``counted``, ``size`` (H, W, C),
            ``seed``, ``same`` (one spec for both views), ``original`` (B, H, W, C) in
            [0, 1] or a list of (H, W, C) of several sizes, ``sides``: per view a list of (step,
            images (B, H', W', C') or such a list), ``clipped`` (share
            of values), ``before_counts`` and ``after_counts`` (histograms over [0, 1]),
            ``before`` and ``after`` (``mean``, ``std``), ``constant`` and
            ``constant_before`` (numbers of images of one value), ``notes`` (what was drawn,
            per view, step and image), ``reports`` (per view and step: clipped share, entropy
            before and after in nats), ``strip`` (columns of rising strength, or None),
            ``bound`` (shared nats, where it was asked for), ``stretch`` (display range
            or None), ``about`` (what each step is), ``command`` (a study of this view).

    Returns:
        One HTML file that needs nothing else.
    """
    height, width, channels = seen["size"]
    stretch = seen["stretch"]
    v1, v2 = (side[-1][1] for side in seen["sides"])
    pairs = [
        [_picture(image, stretch, f"Pair {i + 1}, v{k + 1}") for k, image in enumerate(both)]
        for i, both in enumerate(zip(v1, v2, strict=True))
    ]
    stages = _stages(seen)
    small = max(v1.shape[1:3]) <= KEEP_PIXELS
    clipped = _percent(seen["clipped"])
    spec = seen["spec"]
    return sibling(
        "views/template.html.j2",
        spec_text=spec,
        data=seen["data"],
        size=f"{height} × {width} pixels, {channels} channel{'s' if channels > 1 else ''}",
        counted=f"{seen['counted']:,}",
        seed=seen["seed"],
        same=seen["same"],
        answer=_answer(seen, clipped),
        lead=_lead(seen),
        command=seen["command"],
        figures=_figures(seen, clipped),
        warnings=_warnings(seen, clipped),
        pairs=pairs,
        shown=_shown(channels, stretch),
        stages=stages,
        strip=_strip(seen),
        reports=_reports(seen),
        steps_heading=_steps_heading(seen),
        values_heading=_values_heading(seen),
        histogram=_histogram(seen),
        about=seen["about"],
        enlarge={k: max(1, room // v1.shape[2]) * v1.shape[2] for k, room in ROOM.items()}
        if small
        else None,
    )


def _answer(seen: dict[str, Any], clipped: str) -> str:
    bound = seen.get("bound")
    clips = f"clips {clipped} of values" if seen["clipped"] else "clips nothing"
    if not bound:
        return f"This view {clips}."
    more = " (at the ceiling)" if bound["at_ceiling"] else ""
    return f"This view shares at least {bound['nats']:.1f} nats{more} and {clips}."


def _strip(seen: dict[str, Any]) -> dict[str, Any] | None:
    """Columns of one image each row, from nothing to the view as written."""
    strip = seen.get("strip")
    if not strip:
        return None
    columns = [
        {
            "label": label,
            "images": [
                _picture(image, seen["stretch"], f"{strip['argument']} {label}")
                for image in images
            ],
        }
        for label, images in strip["columns"]
    ]
    kept = ", ".join(strip["kept"])
    return {"columns": columns, "argument": strip["argument"], "kept": kept}


def _reports(seen: dict[str, Any]) -> list[dict[str, str]]:
    """What each step costs, as the page writes it."""
    rows = []
    for which, side in enumerate(seen.get("reports", [])):
        if which and seen["same"]:
            break
        rows += [
            {
                "step": row["step"],
                "side": "" if seen["same"] else f"v{which + 1}",
                "clipped": _percent(row["clipped"]) if row["clipped"] else "none",
                "nats": f"{row['before_nats']:.2f} → {row['after_nats']:.2f}",
            }
            for row in side
        ]
    return rows


def _percent(share: float) -> str:
    if share and share < 0.0005:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _lead(seen: dict[str, Any]) -> str:
    before, after = seen["before"], seen["after"]
    change = after["std"] / before["std"] if before["std"] > 0 else 1.0
    contrast = (
        "keeps the contrast"
        if 0.95 <= change <= 1.05
        else f"{'lowers' if change < 1 else 'raises'} the contrast by {abs(1 - change):.0%}"
    ).replace("%", " %")
    return (
        f"Over {seen['counted']:,} of {seen['count']:,} images it moves the mean value from "
        f"{before['mean']:.2f} to {after['mean']:.2f} and {contrast}. To learn whether it makes "
        f"good pairs, train with it:"
    )


def _figures(seen: dict[str, Any], clipped: str) -> list[tuple[str, str, str]]:
    before, after = seen["before"], seen["after"]
    drawn = 2 * seen["counted"]
    return [
        ("Clipped", clipped if seen["clipped"] else "none", "of values, over all steps"),
        ("Mean value", f"{after['mean']:.3f}", f"was {before['mean']:.3f}"),
        ("Spread of values", f"{after['std']:.3f}", f"was {before['std']:.3f}"),
        ("Constant views", f"{seen['constant']:,}", f"of {drawn:,} drawn"),
    ]


def _warnings(seen: dict[str, Any], clipped: str) -> list[str]:
    out = []
    if seen["clipped"] > MUCH:
        out.append(
            f"{clipped} of values were pushed out of [0, 1] and cut off; what was there is lost "
            f"to both views. Use a smaller strength."
        )
    if seen["constant"]:
        why = (
            f" ({seen['constant_before']:,} of {seen['counted']:,} images were so before)"
            if seen["constant_before"]
            else ""
        )
        out.append(
            f"{seen['constant']:,} of {2 * seen['counted']:,} views have one value only{why}: "
            f"they contain no information. Use a larger crop or less blur."
        )
    if seen["after"]["std"] < 0.5 * seen["before"]["std"]:
        out.append("Less than half of the contrast is left after the last step.")
    return out


def _stages(seen: dict[str, Any]) -> list[dict[str, Any]]:
    def row(
        head: str,
        step: str,
        note: str,
        images: Sequence[np.ndarray],
        drawn: list[str] | None = None,
    ) -> dict[str, Any]:
        shots = [_picture(image, seen["stretch"], head) for image in images]
        for shot, text in zip(shots, drawn or [""] * len(shots), strict=True):
            shot["drawn"] = text
        return {"head": head, "step": step, "note": note, "images": shots}

    rows = [row("Original", "", "as it was read", seen["original"])]
    sides = seen["sides"][:1] if seen["same"] else seen["sides"]
    for which, side in enumerate(sides):
        last = seen["original"]
        for place, (step, images) in enumerate(side):
            head = f"After step {place + 1}" if seen["same"] else f"v{which + 1}, step {place + 1}"
            notes = seen.get("notes", [])
            drawn = notes[which][place] if which < len(notes) else None
            rows.append(row(head, step, _changed(last, images), images, drawn))
            last = images
    return rows


def _changed(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> str:
    pairs = list(zip(before, after, strict=True))
    if any(had.shape != got.shape for had, got in pairs):
        return "now {} × {} × {}".format(*after[0].shape)
    same = sum(bool((had == got).all()) for had, got in pairs)
    if same == 0:
        return "every image changed"
    if same == len(before):
        return "no image changed"
    return f"{len(before) - same} of {len(before)} images changed"


def _steps_heading(seen: dict[str, Any]) -> str:
    count = len(seen["sides"][0])
    return "The one step" if count == 1 and seen["same"] else "Step by step"


def _values_heading(seen: dict[str, Any]) -> str:
    before, after = np.array(seen["before_counts"]), np.array(seen["after_counts"])
    moved = 0.5 * float(np.abs(before / before.sum() - after / after.sum()).sum())
    if moved < 0.02:
        return "The values keep their distribution"
    return f"The histogram of values changes by {100 * moved:.0f} %"


def _shown(channels: int, stretch: tuple[float, float] | None) -> str:
    parts = []
    if channels == 2:
        parts.append("Shown: the first of two channels.")
    elif channels > 3:
        parts.append(f"Shown: channels 1, 2 and 3 of {channels} as red, green and blue.")
    if stretch:
        parts.append(f"Values {stretch[0]:.3g} to {stretch[1]:.3g} are stretched for display.")
    return " ".join(parts)


def _histogram(seen: dict[str, Any]) -> Any:
    count = len(seen["before_counts"])
    edges = [i / count for i in range(count + 1)]
    shares = {
        name: [100 * n / max(sum(seen[name]), 1) for n in seen[name]]
        for name in ("before_counts", "after_counts")
    }
    floor = -1.0
    logs = {k: [np.log10(v) if v > 0.1 else floor for v in values] for k, values in shares.items()}
    return chart(
        [
            Line(steps(edges, logs["after_counts"]), "a", filled=True),
            Line(steps(edges, logs["before_counts"]), "ref"),
        ],
        x=(0, 1),
        y=(floor, 2),
        x_ticks=[(0, "0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1, "1")],
        y_ticks=[(-1, ""), (0, "1 %"), (1, "10 %"), (2, "100 %")],
        label=f"Histogram of values: mean {seen['before']['mean']:.2f} before, "
        f"{seen['after']['mean']:.2f} after.",
        height=200,
    )


def _picture(image: np.ndarray, stretch: tuple[float, float] | None, alt: str) -> dict[str, Any]:
    """An image of (H, W, C) as a data URI; small ones without loss."""
    from PIL import Image

    values = image[..., :1] if image.shape[2] == 2 else image[..., :3]
    flat = bool(image.max() == image.min())
    if stretch:
        values = (values - stretch[0]) / (stretch[1] - stretch[0])
    whole = (np.clip(values, 0, 1) * 255).round().astype(np.uint8)
    shown = Image.fromarray(whole[..., 0] if whole.shape[2] == 1 else whole)
    if max(shown.size) > LARGEST:
        shown.thumbnail((LARGEST, LARGEST))
    file = io.BytesIO()
    if max(shown.size) <= KEEP_PIXELS:
        shown.save(file, "PNG", optimize=True)
        kind = "png"
    else:
        shown.save(file, "WEBP", quality=82, method=4)
        kind = "webp"
    text = base64.b64encode(file.getvalue()).decode("ascii")
    return {
        "uri": f"data:image/{kind};base64,{text}",
        "width": shown.width,
        "height": shown.height,
        "flat": flat,
        "drawn": "",
        "alt": alt,
    }
