"""A missing library is named with the command that installs it, from an index or a clone."""

import json
from importlib.metadata import PackageNotFoundError

import pytest

from goodviews.core import extras
from goodviews.core.errors import InputError
from goodviews.core.extras import need


def installed(monkeypatch, record):
    """Make goodviews look as pip left it: the text of direct_url.json, or not installed."""

    class Distribution:
        def read_text(self, name):
            assert name == "direct_url.json"
            return record

    def distribution(name):
        if record == "missing":
            raise PackageNotFoundError(name)
        return Distribution()

    monkeypatch.setattr(extras, "distribution", distribution)


CLONE = "type pip install -e '.[graphs]' in your clone of goodviews."
INDEX = "type pip install 'goodviews[graphs]'."


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, INDEX),
        ('{"url": "https://example.org/goodviews.whl", "archive_info": {}}', INDEX),
        ('{"url": "file:///some/clone", "dir_info": {"editable": true}}', CLONE),
        ('{"url": "file:///some/clone", "dir_info": {}}', CLONE),
        ("missing", CLONE),
    ],
    ids=["index", "wheel", "editable", "folder", "not installed"],
)
def test_a_missing_extra_is_named_with_a_command_that_works(record, said, monkeypatch):
    assert need("json", "core") is json
    installed(monkeypatch, record)
    with pytest.raises(InputError) as error:
        need("no_such_library_anywhere", "graphs")
    assert str(error.value) == f"no_such_library_anywhere is not installed: {said}"


def test_another_missing_library_is_not_blamed_on_the_extra(monkeypatch):
    def broken(name):
        raise ModuleNotFoundError("No module named 'other'", name="other")

    monkeypatch.setattr("importlib.import_module", broken)
    with pytest.raises(ModuleNotFoundError):
        need("installed_but_broken", "graphs")
