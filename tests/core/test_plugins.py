"""Names of others are found when they are asked for, and only then."""

import subprocess
import sys

import pytest

from goodviews.core import plugins
from goodviews.core.errors import InputError
from goodviews.core.plugins import NAMED, Registry


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(plugins, "_REGISTRIES", [])
    monkeypatch.setattr(plugins, "_loaded", set())
    monkeypatch.delenv(NAMED, raising=False)


def test_a_name_has_one_owner_who_may_give_it_anew():
    things = Registry("thing", reserved=("old",))
    things.add("one", 1, home="a.b:one")
    things.add("one", 2, home="a.b:one")
    assert things.find("one") == 2
    with pytest.raises(
        InputError, match=r"'one' of a thing is already taken by a\.b:one; register c:x"
    ):
        things.add("one", 3, home="c:x")
    with pytest.raises(InputError, match="'old' of a thing is already taken; register c:x"):
        things.add("old", 3, home="c:x")
    for bad in ("", "two words", "1st", "a-b", 3):
        with pytest.raises(InputError, match="is not a name for a thing"):
            things.add(bad, 3, home="c:x")
    assert dict(things) == {"one": 2}


def test_a_file_of_the_environment_is_imported_once_when_a_name_is_not_known(
    tmp_path, monkeypatch
):
    file = tmp_path / "mine.py"
    file.write_text("from goodviews.core import plugins\nplugins.COUNT += 1\n")
    monkeypatch.setattr(plugins, "COUNT", 0, raising=False)
    monkeypatch.setenv(NAMED, str(file))
    things = Registry("thing")
    things.add("one", 1, home="a.b:one")
    things.find("one")
    assert plugins.COUNT == 0
    for _ in range(2):
        with pytest.raises(InputError, match=r"Unknown thing 'two'\. Known: one"):
            things.find("two")
    assert plugins.COUNT == 1


@pytest.mark.parametrize("text", ["import nowhere_at_all", "1 / 0", "def broken("])
def test_a_plug_in_that_cannot_be_imported_is_named_in_a_sentence(text, tmp_path, monkeypatch):
    file = tmp_path / "broken.py"
    file.write_text(text)
    monkeypatch.setenv(NAMED, str(file))
    with pytest.raises(InputError, match=r"broken\.py cannot be imported") as error:
        plugins.load_plugins()
    assert "\n" not in str(error.value)


def test_entry_points_of_installed_packages_are_found(tmp_path, monkeypatch):
    (tmp_path / "mypackage.py").write_text(
        "from goodviews.core import plugins\nplugins.FOUND = __name__\n"
    )
    info = tmp_path / "mypackage-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mypackage\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[goodviews.plugins]\nmine = mypackage\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(plugins, "FOUND", "", raising=False)
    plugins.load_plugins()
    assert plugins.FOUND == "mypackage"


def test_workers_are_told_modules_and_refused_what_a_prompt_holds():
    things = Registry("thing")
    things.add("one", 1, home="some.module:one")
    assert plugins.sources() == ("some.module",)
    code = (
        "from goodviews.core.plugins import Registry, sources\n"
        "Registry('thing').add('one', 1, home='__main__:one')\nsources()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "notebook cell or at a prompt" in done.stderr.splitlines()[-1]
