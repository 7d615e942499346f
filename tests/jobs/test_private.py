"""No folder of the machine and no user name is in anything that a job writes."""

import importlib.util
import zipfile
from pathlib import Path

import pytest
from tests.jobs.tiny import COMMANDS, DATA, call, write_data

import goodviews

SECRET = "ann-secret"


def contents(path):
    """The bytes of a file, and of what is packed in it."""
    yield path.name.encode() + path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                yield name.encode() + packed.read(name)


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param("absolute", marks=pytest.mark.slow),
        pytest.param("relative", marks=pytest.mark.slow),
        "home",
        "link",
    ],
)
def test_nothing_that_is_written_names_a_folder_of_the_machine(spelling, tmp_path, monkeypatch):
    home = tmp_path / SECRET
    (home / "data").mkdir(parents=True)
    write_data(home / "data")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GOODVIEWS_CACHE", str(home / "cache"))
    here = home / "work" if spelling == "relative" else tmp_path
    here.mkdir(exist_ok=True)
    monkeypatch.chdir(here)
    (tmp_path / "link").symlink_to(home)
    start = {"absolute": str(home), "relative": "..", "home": "~", "link": str(tmp_path / "link")}
    data, out = f"{start[spelling]}/data/{DATA}", f"{start[spelling]}/out"
    (home / "out").mkdir()
    jobs = ["study", "pretrain", "evaluate", "learn-views", "export"]
    formats = ["safetensors"] + ["onnx"] * bool(importlib.util.find_spec("onnxscript"))
    for job in jobs:
        for to in formats if job == "export" else [""]:
            words = [data if word == DATA else word for word in COMMANDS[job]]
            words[1] = f"{out}/pretrain" if words[1] == "pretrain" else words[1]
            words[-1] = f"{out}/{job}{to}"
            words = [to if word == "safetensors" else word for word in words]
            if spelling == "home":  # as a shell expands it
                words = [word.replace("~", str(home), 1) for word in words]
            code, _, said = call([*words, *(["--jobs", "1"] if job == "study" else [])])
            assert code == 0, said
    call(["report", f"{out}/study".replace("~", str(home)), "--out", str(home / "out" / "page")])
    packages = str(Path(goodviews.__file__).parents[1]).encode()
    for path in (home / "out").rglob("*"):
        if path.is_file():
            for content in contents(path):
                for secret in (SECRET.encode(), str(tmp_path).encode(), packages):
                    assert secret not in content, (path.relative_to(home), secret)
