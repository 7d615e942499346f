"""Types are checked strictly, most of all where other code begins."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
STRICT = ("core", "spec", "information", "objectives", "evaluation", "pages", "jobs")


def test_mypy_is_strict_and_no_exception_reaches_the_rooms_that_others_build_on():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["tool"]["mypy"]
    assert settings["strict"] is True
    loosened = {
        module
        for override in settings["overrides"]
        if set(override) - {"module", "ignore_missing_imports", "follow_imports"}
        for module in override["module"]
    }
    kept = tuple(f"goodviews.{room}" for room in STRICT)
    assert not [module for module in loosened if module.startswith((*kept, "goodviews.*"))]
