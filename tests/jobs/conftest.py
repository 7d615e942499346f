"""Folders that jobs wrote."""

import os

import pytest
from tests.jobs.tiny import COMMANDS, call, write_data


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A folder with a finished folder of every job, named after it."""
    place, here = tmp_path_factory.mktemp("written"), os.getcwd()
    os.chdir(place)
    try:
        write_data(place)
        for words in COMMANDS.values():
            more = ["--jobs", "1"] if words[0] == "study" else []
            code, _, said = call([*words, *more])
            assert code == 0, said
    finally:
        os.chdir(here)
    return place
