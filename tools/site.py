"""Build the documentation as a site that needs no network: python tools/site.py.

The pages keep their places, so that every link works in the repository, in an editor and on the
site. Added are one page per public package, and formulas as MathML, which browsers show without
a script.
"""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "build" / "site_source"
PARTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "docs", "results", "examples")
INTERNAL = ("goodviews.core", "goodviews.spec", "goodviews.pages")
"""Packages whose names may change without notice."""
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
LINK = re.compile(r"(?<!!)\[([^\]\[]*)\]\(([^)\s]+)\)")
STYLE = """\
math { font-size: 1.05em; }
math[display="block"] { overflow-x: auto; padding: .3em 0; }
.md-typeset table:not([class]) { font-size: .68rem; }
.md-typeset table:not([class]) td:nth-child(2) { min-width: 11rem; }
"""


def lay_out() -> None:
    """Link the pages into one folder and write a page for each public package."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    (SOURCE / "api").mkdir(parents=True)
    for part in PARTS:
        (SOURCE / part).symlink_to(ROOT / part)
    (SOURCE / "site.css").write_text(STYLE, "utf8")
    shutil.copy(ROOT / "tools" / "site_worker.js", SOURCE)
    for package, names in public().items():
        (SOURCE / "api" / f"{package}.md").write_text(page(package, names), "utf8")


def public() -> dict[str, list[str]]:
    """Read the public names of each package, in the order of the packages."""
    lines = (ROOT / "tests" / "api_surface.txt").read_text("utf8").splitlines()
    pairs = sorted(line.split(": ") for line in lines)
    return {package: names.split() for package, names in pairs if not is_internal(package)}


def is_internal(package: str) -> bool:
    """Return whether a package may change without notice."""
    return any(f"{package}.".startswith(f"{one}.") for one in INTERNAL)


def page(package: str, names: list[str]) -> str:
    """Write the page of one package: its docstring, then each name."""
    lines = [f"# {package}", ""]
    if package == "goodviews":  # its names are documented where they are defined
        homes = {name: home for home, some in public().items() for name in some if home != package}
        lines += ["`import goodviews` gives these names; each is imported at its first use.", ""]
        lines += [
            f"- [`{name}`]({homes[name]}.md#{homes[name]}.{name})"
            if name in homes
            else f"- `{name}`"
            for name in names
        ]
        return "\n".join([*lines, ""])
    listed = ", ".join(names)
    lines += [f"::: {package}", "    options:", "      show_root_heading: false"]
    lines += [f"      members: [{listed}]", "      show_submodules: true", ""]
    return "\n".join(lines)


def on_config(config: Any) -> Any:
    """Put into the navigation each package, and pages that it lacks; mkdocs calls this."""
    named = set(re.findall(r"'([^']+\.md)'", str(config.nav)))
    pages = sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md"))
    for entry in config.nav:
        if "How to" in entry:
            entry["How to"] += [page for page in pages if page not in named]
        if "API" in entry:
            entry["API"] = [{package: f"api/{package}.md"} for package in public()]
    return config


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Leave links to code and folders, which are not pages, as text; mkdocs calls this."""
    home = SOURCE / Path(page.file.src_uri).parent

    def kept(found: re.Match[str]) -> str:
        target = found[2].partition("#")[0]
        outside = target and ":" not in target and not (home / target).is_file()
        return found[1] if outside else found[0]

    return LINK.sub(kept, markdown)


def on_page_content(content: str, **_: Any) -> str:
    """Write each formula of a page as MathML; mkdocs calls this."""
    return FORMULA.sub(_mathml, content)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Take the script for the search of files from the site itself; mkdocs calls this."""
    up = "../" * page.url.count("/")
    return output.replace("https://unpkg.com/iframe-worker/shim", f"{up}site_worker.js")


def _mathml(found: re.Match[str]) -> str:
    from latex2mathml.converter import convert

    display = "block" if found[2] == "[" else "inline"
    return str(convert(html.unescape(found[3]), display=display))


def missing() -> list[str]:
    """List the public names that the site does not show."""
    found = []
    for package, names in public().items():
        text = (ROOT / "build" / "site" / "api" / f"{package}.html").read_text("utf8")
        found += [
            f"{package}.{name}"
            for name in names
            if package != "goodviews" and f'id="{package}.{name}"' not in text
        ]
    return found


def main() -> int:
    """Lay out the source and build the site; return 0 only if nothing is missing."""
    lay_out()
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
    failed = subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"})
    if failed.returncode:
        return failed.returncode
    lacking = missing()
    if lacking:
        print(f"The site lacks these public names: {', '.join(lacking)}", file=sys.stderr)
    return int(bool(lacking))


if __name__ == "__main__":
    raise SystemExit(main())
