"""Makes an SVG from vl-convert fit for a page: tokens for colours, names, no strange ids."""

import re
import xml.etree.ElementTree as ET

from goodviews.core.tokens import TOKENS

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_CHART = (
    "page", "card", "ink", "muted", "hairline", "grid", "fit", "beyond", "missing", "sweet",
    "sweet-word", "excess", "undecided", "missing-tint", "sweet-tint", "excess-tint",
)  # fmt: skip
_TOKEN_OF = {TOKENS[name].light.lower(): name for name in reversed(_CHART)}
_LONG = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_DROP = ("font-family", "aria-roledescription", "role", "aria-hidden")


def inline(svg: str, *, prefix: str, title: str, alt: str, chosen: str) -> str:
    """Rewrite an SVG for use inside a page.

    Args:
        svg: What vl-convert made.
        prefix: Put before every id, so that two drawings share none.
        title: Name of the drawing.
        alt: What it shows, in words.
        chosen: Id of the view that is chosen at first.

    Returns:
        SVG without a namespace for links, whose colours are ``var(--token, #hex)``.
    """
    root = ET.fromstring(svg)
    for node in root.iter():
        node.tag = node.tag.removeprefix(_SVG)
        _clean(node, prefix)
    for parent in list(root.iter()):
        for link in [n for n in parent if n.tag == "a"]:
            _link(link, chosen)
    _unwrap(root)
    root.set("xmlns", "http://www.w3.org/2000/svg")
    root.set("role", "group")
    root.set("aria-labelledby", f"{prefix}title")
    root.set("aria-describedby", f"{prefix}desc")
    for tag, text in (("desc", alt), ("title", title)):
        node = ET.Element(tag, {"id": f"{prefix}{tag}"})
        node.text = text
        root.insert(0, node)
    return ET.tostring(root, encoding="unicode")


def _clean(node: ET.Element, prefix: str) -> None:
    for name in _DROP:
        node.attrib.pop(name, None)
    if node.tag == "g":
        node.attrib.pop("aria-label", None)
        node.attrib.pop("class", None)
        node.attrib.pop("pointer-events", None)
    if "id" in node.attrib:
        node.set("id", prefix + node.attrib["id"])
    for name, value in list(node.attrib.items()):
        if "url(#" in value:
            node.set(name, value.replace("url(#", f"url(#{prefix}"))
    if node.attrib.get("stroke-width") == "0":
        del node.attrib["stroke-width"]
        node.attrib.pop("stroke", None)
    if node.attrib.get("opacity") == "1":
        del node.attrib["opacity"]
    for name in ("transform", "d"):
        if name in node.attrib:
            node.set(name, _LONG.sub(lambda n: f"{float(n[0]):.2f}", node.attrib[name]))
    style = []
    for name in ("fill", "stroke"):
        token = _TOKEN_OF.get(node.attrib.get(name, "").lower())
        if token:
            style.append(f"{name}:var(--{token},{node.attrib.pop(name)})")
    if style:
        node.set("style", ";".join(style))


def _link(link: ET.Element, chosen: str) -> None:
    target = link.attrib.pop(f"{_XLINK}href", None) or link.attrib.pop("href", "")
    ident = re.sub(r"^.*#", "", target)
    link.attrib.clear()
    link.attrib.update({"href": f"#{ident}", "class": "pt", "data-v": ident})
    if ident == chosen:
        link.set("aria-current", "true")
    for mark in link:
        name = mark.attrib.pop("aria-label", "")
        link.set("aria-label", name)
        for attr in ("stroke", "fill", "style"):
            mark.attrib.pop(attr, None)


def _unwrap(node: ET.Element) -> None:
    """Take out groups that hold nothing, and those that change nothing."""
    kept: list[ET.Element] = []
    for child in list(node):
        _unwrap(child)
        if child.tag == "g" and not child.attrib:
            kept.extend(child)
        elif not _empty(child):
            kept.append(child)
    for child in list(node):
        node.remove(child)
    node.extend(kept)


def _empty(node: ET.Element) -> bool:
    return (node.tag == "path" and not node.attrib.get("d")) or (node.tag == "g" and not len(node))
