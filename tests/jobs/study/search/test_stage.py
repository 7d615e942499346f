"""A search: finished cells are all that it depends on, and only labels for selection are used."""

import shutil

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.core.progress import as_report
from goodviews.data import load
from goodviews.jobs.study.plan import make_plan
from goodviews.jobs.study.screening.first import choosing_tasks
from goodviews.jobs.study.search.job import first_view, searched_space
from goodviews.jobs.study.search.stage import search_views
from goodviews.spec.space import read_space
from goodviews.training import Settings

pytest.importorskip("optuna", reason="needs optuna: pip install 'goodviews[search]'")
TINY = Settings(encoder="convnet(width=4)", batch=32, device="cpu", optimiser="adamw(lr=0.006)")
SPACE = "noise(std={0.0: 0.4})|flip(p={0, 1})"


@pytest.fixture(scope="module")
def plan():
    rng, labels = np.random.default_rng(0), np.arange(200) % 2
    pixels = rng.random((200, 8, 8)) * 0.5 + labels[:, None, None] / 4
    images = load((pixels.astype(np.float32), labels))
    return make_plan(images, images, views=("identity()",), seeds=(0,), settings=TINY,
                     candidates=None, per_class=5, draws=5, chosen=True)  # fmt: skip


class Notes:
    def __init__(self):
        self.texts, self.counts = [], []

    def __call__(self, unit, done, total, **_):
        self.counts.append((unit, done, total))

    def note(self, text):
        self.texts.append(text)


def search(plan, folder, *, space=SPACE, trials=6, progress=None, **options):
    return search_views(
        plan,
        choosing_tasks(plan),
        read_space(space),
        trials,
        shown=128,
        folder=folder,
        jobs=0,
        progress=progress or as_report(None),
        **options,
    )


@pytest.fixture(scope="module")
def found(plan, tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    return folder, *search(plan, folder)


def test_trials_are_all_there_and_the_best_are_finalists(found):
    _, finalists, record = found
    assert [one.number for one in record.trials] == list(range(6))
    whole = [one for one in record.trials if one.state == "finished"]
    best = max(whole, key=lambda one: one.score)
    assert finalists[0] == best.view
    assert best.finalist
    assert finalists[-1].startswith("simclr")
    assert len(finalists) == len(set(finalists)) <= 5


def test_rows_say_what_they_are(found):
    folder, _, record = found
    lines = (folder / "search" / "rows.csv").read_text().splitlines()
    assert len(lines) == 1 + len(record.trials)
    assert all(",searched," in line for line in lines[1:])


def test_a_search_that_lost_trials_makes_the_same_ones_and_ignores_foreign_files(
    plan, found, tmp_path
):
    folder, finalists, record = found
    shutil.copytree(folder / "search", tmp_path / "search")
    cells = sorted((tmp_path / "search" / "cells").glob("*.npz"))
    for cell in cells[::2]:
        cell.unlink()
    cells[1].write_bytes(cells[1].read_bytes()[:100])
    (tmp_path / "search" / "cells" / "foreign.npz").write_bytes(b"PK")
    notes = Notes()
    again = search(plan, tmp_path, progress=notes)
    assert again == (finalists, record)
    assert any("2 files that the search ignores" in text for text in notes.texts)
    assert notes.counts[0] == ("trials finished", 2, 6)
    assert notes.counts[-1] == ("trials finished", 6, 6)


def test_a_longer_search_continues_and_finalists_stay(plan, found, tmp_path):
    folder, finalists, record = found
    shutil.copytree(folder / "search", tmp_path / "search")
    longer, more = search(plan, tmp_path, trials=7, earlier=finalists)
    assert [one.view for one in more.trials[:6]] == [one.view for one in record.trials]
    assert longer[: len(finalists)] == finalists


def test_another_space_in_one_folder_is_refused(plan, found):
    with pytest.raises(InputError, match="choose another --out"):
        search(plan, found[0], space="noise(std={0.0: 0.3})|flip(p={0, 1})")


def test_views_that_do_not_fit_fail_and_are_counted(plan, tmp_path):
    _, record = search(plan, tmp_path, space="patches({3: 12}, 2)", trials=6)
    states = [one.state for one in record.trials]
    assert states.count("failed") >= 2
    assert "finished" in states
    assert all(one.score is None and not one.finalist
               for one in record.trials if one.state == "failed")  # fmt: skip


def test_a_search_in_which_nothing_fits_says_why(plan, tmp_path):
    with pytest.raises(InputError, match="None of the 3 proposed views could be trained"):
        search(plan, tmp_path, space="patches({40: 60}, 2)", trials=3)


def test_few_trials_are_called_few(plan, tmp_path):
    notes = Notes()
    with pytest.raises(InputError):
        search(
            plan,
            tmp_path,
            space="patches({40: 60}, 2)|flip(p={0.0: 1.0})",
            trials=3,
            progress=notes,
        )
    assert any("3 trials for 2 parameters are few" in text for text in notes.texts)


def test_what_cannot_be_searched_is_refused_before_anything_runs():
    assert searched_space("flip()", None, None) is None
    for views, says in (
        (None, "gives 0"), (["flip()", SPACE], "gives 2"), ("flip()", "needs a range"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            searched_space(views, 40, None)
    with pytest.raises(InputError, match="either --audit or --search"):
        searched_space(SPACE, 40, "flip()")
    with pytest.raises(InputError, match="search"):
        searched_space(SPACE, 1, None)
    assert first_view(read_space("patches({4: 30}, 2)"), (1, 8, 8)) == "patches(4, 2)"
