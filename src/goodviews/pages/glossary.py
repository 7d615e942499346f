"""Words of the field that a page uses, each explained on the same page, which may be offline.

The first place where a word occurs becomes a link to its definition at the end of the page.
"""

import re
from collections.abc import Iterator

from markupsafe import escape

WORDS: dict[str, tuple[str, str]] = {
    "nats": (
        r"nats?",
        "The unit of information for the natural logarithm: 1 nat is 1.44 bits. Finding the right "
        "one of n equally likely things takes log n nats.",
    ),
    "shared information": (
        r"shared (?:information|nats)|(?:views? )?share[sd]?(?= (?:less|more))",
        "What one view tells about the other: mutual information. It is bounded from below by how "
        "well a network finds the partner of a view among others.",
    ),
    "bound": (
        r"(?:InfoNCE |lower )?bounds?",
        "A number whose expectation lies on one known side of the truth: a lower bound is never "
        "too large but by chance.",
    ),
    "ceiling": (
        r"ceilings?",
        "The largest value that a bound can report, log K for K candidates. Near it, the truth "
        "may be anything above.",
    ),
    "sweet spot": (
        r"sweet spots?",
        "Views that share what the task needs and little else.",
    ),
    "missing": (
        r"missing(?= information)|(?<=regime )missing",
        "Views so strong that they no longer share all that the task needs.",
    ),
    "excess noise": (
        r"excess noise",
        "Views so weak that they also share what the task does not need.",
    ),
    "readout": (
        r"readouts?|linear probes?",
        "A logistic regression (linear probe) on the representation of an encoder that stays as "
        "it is: it shows what the encoder has learned, with few labels.",
    ),
    "k-nearest neighbours": (
        r"(?:k-)?nearest neighbours|kNN",
        "A classifier without training: an image gets the class of those whose representations "
        "are most similar.",
    ),
    "interval": (
        r"(?:95 % )?intervals?",
        "A range that holds the true value in 95 of 100 repetitions of the whole measurement. Two "
        "views whose difference has an interval around 0 may be equally good.",
    ),
    "from scratch": (
        r"from scratch",
        "Training a network on the labelled images alone, without any pretraining.",
    ),
    "frozen": (
        r"frozen",
        "The pretrained encoder stays as it is, and only a readout on top of it is fitted.",
    ),
    "fine-tuned": (
        r"fine-tun(?:ed|ing)",
        "The pretrained encoder is trained further on the labels, with a classifier on top.",
    ),
    "random weights": (
        r"random weights",
        "The same encoder without any training, which is a better baseline than it sounds.",
    ),
    "balanced accuracy": (
        r"balanced accuracy",
        "The mean over classes of the share of each that is recognised: always naming the most "
        "frequent of C classes gives 1/C.",
    ),
    "macro F1": (
        r"macro F1",
        "The mean over classes of the harmonic mean of precision and recall.",
    ),
    "AUROC": (
        r"(?:macro )?AUROC|AUC",
        "The probability that a random positive example gets a higher score than a random "
        "negative one; chance is one half.",
    ),
    "average precision": (
        r"(?:mean )?average precision|AP",
        "The area under the curve of precision against recall; chance is the share of positives.",
    ),
    "Brier score": (
        r"Brier(?: score)?",
        "The mean squared difference between a probability and what came true; 0 is perfect.",
    ),
    "reliability": (
        r"reliability",
        "How often that came true which was given a probability p: on the diagonal, as often as "
        "promised.",
    ),
}
"""Word: where it is recognised, whatever its capitals; and its definition."""

_SKIPPED = frozenset(
    [
        "a",
        "button",
        "code",
        "h1",
        "h2",
        "h3",
        "h4",
        "nav",
        "script",
        "select",
        "style",
        "summary",
        "svg",
        "table",
    ]
)
_VOID = frozenset(["br", "col", "hr", "img", "input", "link", "meta", "wbr"])
_TAG = re.compile(r"<(/?)([a-zA-Z0-9]+)[^>]*?(/?)>")
_ENDS = "</main>"


def explained(page: str) -> str:
    """Link the first place of each word in the main part of a page, and define it at the end.

    Text in headings, code, tables, pictures, buttons and links stays as it is.

    Args:
        page: HTML with one ``main`` element.

    Returns:
        The same page with a section ``Words``, if it uses any of :data:`WORDS`.

    Example:
        >>> page = explained("<main><p>They share 4.2 nats; 1 nat is much.</p></main>")
        >>> page[:86]
        '<main><p>They share 4.2 <a class="word" href="#word-nats">nats</a>; 1 nat is much.</p>'
    """
    begin, end = page.find("<main"), page.rfind(_ENDS)
    if begin < 0 or end < 0:
        return page
    used: list[str] = []
    out = [page[:begin]]
    for text, is_prose in _pieces(page[begin:end]):
        out.append(_linked(text, used) if is_prose else text)
    if used:
        out.append(_section([word for word in WORDS if word in used]))
    return "".join([*out, page[end:]])


def _pieces(page: str) -> Iterator[tuple[str, bool]]:
    """Tags and texts in turn, and whether a text is prose."""
    at, skipped, depth = 0, "", 0
    for tag in _TAG.finditer(page):
        closes, name, alone = bool(tag[1]), tag[2].lower(), bool(tag[3])
        if skipped in ("script", "style") and not (closes and name == skipped):
            continue
        yield page[at : tag.start()], not skipped
        yield tag[0], False
        at = tag.end()
        if skipped:
            depth += (name == skipped) * (-1 if closes else not alone)
            skipped = skipped if depth else ""
        elif name in _SKIPPED and not closes and not alone and name not in _VOID:
            skipped, depth = name, 1
    yield page[at:], False


def _linked(text: str, used: list[str]) -> str:
    """The text with a link at the first place of each word that is not used yet."""
    found: list[tuple[int, int, str]] = []
    for word, (pattern, _) in WORDS.items():
        if word in used:
            continue
        place = re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", text, re.IGNORECASE)
        if place and not any(place.start() < b and a < place.end() for a, b, _ in found):
            found.append((*place.span(), word))
            used.append(word)
    for begin, end, word in sorted(found, reverse=True):
        link = f'<a class="word" href="#{_anchor(word)}">{text[begin:end]}</a>'
        text = text[:begin] + link + text[end:]
    return text


def _anchor(word: str) -> str:
    return f"word-{re.sub('[^a-z0-9]+', '-', word.lower())}"


def _section(words: list[str]) -> str:
    rows = "".join(
        f'<div id="{_anchor(word)}"><dt>{escape(word[0].upper() + word[1:])}</dt>'
        f"<dd>{escape(WORDS[word][1])}</dd></div>\n"
        for word in words
    )
    return (
        '<section class="words" id="words" aria-labelledby="words-title">\n'
        f'<h2 id="words-title">Words</h2>\n<dl>\n{rows}</dl>\n</section>\n'
    )
