"""Words are explained on the page that uses them, and nothing else of it changes."""

import re

import pytest

from goodviews.pages.glossary import WORDS, explained

PAGE = """<body><nav>nats</nav><main id="answer">
<h1>Frozen nats</h1><code>frozen</code><a href="#x">kNN</a>
<p>Accuracy, frozen: <b>4.2 nats</b> [4, 5]; the 95 % interval of 2 nats.</p>
<svg aria-label="a"><text>sweet spot</text><g><svg></svg></g><text>AUROC</text></svg>
<script type="application/json">{"a": "<p>the bound</p>"}</script>
<p title="a readout">Unfrozen, sub-nats, frozenness.</p>
</main><footer>Frozen</footer></body>"""


def links(page):
    return re.findall(r'<a class="word" href="#([^"]+)">([^<]+)</a>', page)


def test_the_first_place_in_prose_is_linked_and_defined():
    page = explained(PAGE)
    assert links(page) == [
        ("word-frozen", "frozen"),
        ("word-nats", "nats"),
        ("word-interval", "95 % interval"),
    ]
    assert re.findall(r'<div id="(word-[^"]+)"', page) == [
        "word-nats",
        "word-interval",
        "word-frozen",
    ]
    assert page.index("</footer>") > page.index('id="words"') > page.index("<p title")


def test_nothing_else_changes():
    page = explained(PAGE)
    page = re.sub(r'<section class="words".*?</section>\n', "", page, flags=re.S)
    assert re.sub(r'<a class="word"[^>]*>([^<]*)</a>', r"\1", page) == PAGE


@pytest.mark.parametrize("page", ["", "<p>4 nats</p>", "<main><p>Nothing here.</p></main>"])
def test_a_page_without_such_words_stays_as_it_is(page):
    assert explained(page) == page


def test_each_word_is_recognised_by_its_own_name_and_each_definition_is_short():
    for word, (_, text) in WORDS.items():
        name = {"missing": "missing information"}.get(word, word)
        assert [target for target, _ in links(explained(f"<main><p>The {name}.</p></main>"))]
        assert len(text.split()) <= 40
        assert text.endswith(".")
