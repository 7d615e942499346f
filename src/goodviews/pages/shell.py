"""What every page shares: colours, style, script, and the frame of the sibling pages."""

import re
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from goodviews.core.tokens import CLASSES, TOKENS
from goodviews.pages.glossary import explained


@cache
def shell_file(name: str) -> str:
    """Text of a template, style or script of this room."""
    return (files("goodviews.pages") / name).read_text(encoding="utf-8")


def strip_lines(text: str) -> str:
    """The text without indentation and empty lines."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def tokens_css() -> str:
    """Colours of both themes as custom properties; print is light."""
    named = TOKENS | {f"k{place}": token for place, token in enumerate(CLASSES)}
    light = "".join(f"--{name}:{token.light};" for name, token in named.items())
    dark = "".join(f"--{name}:{token.dark};" for name, token in named.items())
    return (
        f":root{{color-scheme:light;{light}}}\n"
        "@media screen and (prefers-color-scheme:dark){"
        f":root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
    )


def sibling(template: str, **values: Any) -> str:
    """Render a page in the frame that all pages but a study's share.

    Args:
        template: File of this room that extends ``frame.html.j2``.
        **values: What it shows.

    Returns:
        One HTML file that needs nothing else.
    """
    import jinja2

    from goodviews.pages import words

    env = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(shell_file),
    )
    env.filters["prose"] = words.prose
    env.filters["spec"] = words.spec
    text = env.get_template(template).render(
        css=Markup(tokens_css() + strip_lines(shell_file("page.css") + shell_file("frame.css"))),
        js=Markup(strip_lines(shell_file("page.js"))),
        goodviews=version("goodviews"),
        **values,
    )
    return explained(re.sub(r"\n\s*\n+", "\n", text).lstrip())
