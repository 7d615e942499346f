"""The best views as files: always written where there are labels, read by all that read views."""

from dataclasses import replace

import pytest
from tests.pages.studies import make_study

from goodviews.core.errors import InputError
from goodviews.core.records.verdict import Verdict
from goodviews.jobs.pretrain.files import doubt_of, view_of
from goodviews.jobs.study.chosen import Chosen, chosen_views, safe_names, write_chosen
from goodviews.jobs.study.inputs import view_specs
from goodviews.spec.lists import read_spec


def verdict(tmp_path, case, **changes):
    return Verdict.read(make_study(tmp_path / case, case, **changes) / "verdict.json")


@pytest.mark.parametrize(("case", "good"), [("family", True), ("dont", False)])
def test_the_best_view_is_named_and_doubted_where_the_advice_is_against_it(tmp_path, case, good):
    found = verdict(tmp_path, case)
    (one,) = chosen_views(found)
    task = found.tasks[0]
    assert one.view == next(view.view for view in task.views if view.id == task.winner)
    lines = one.text.splitlines()
    assert lines[-1] == one.view
    assert len(lines) == 2 - good
    if not good:
        assert lines[0].startswith("# not recommended: Do not pretrain: train from scratch. With")


def test_every_reader_of_view_files_skips_the_doubt_and_pretraining_says_it(tmp_path):
    path = tmp_path / "best_view.txt"
    path.write_text(Chosen("best_view", "crop(scale=(0.3, 1))", "Undecided,\nso far.").text)
    for given in (path, str(path), f"@{path}"):
        assert read_spec(given) == view_of(given) == "crop(scale=(0.3, 1))"
        assert view_specs(given)[0] == ("crop(scale=(0.3, 1))",)
        assert doubt_of(given).endswith("not recommend this view: Undecided, so far.")
    path.write_text("# mine\ncrop()\n")
    assert doubt_of(path) == doubt_of("crop()") == doubt_of(None) == ""
    long = "|".join(["noise(std=0.1)"] * 30)  # longer than a file name may be
    assert (read_spec(long), doubt_of(long)) == (long, "")


def test_several_tasks_have_a_file_each_and_the_compromise_the_plain_one(tmp_path):
    found = verdict(tmp_path, "two_tasks", tasks=("digit/0", "digit 0"))
    chosen = chosen_views(found)
    assert [one.name for one in chosen] == [
        "best_view", "best_view-digit_0", "best_view-digit_0-2"
    ]  # fmt: skip
    assert chosen[0].view == found.compromise.view
    (tmp_path / "best_view-gone.txt").write_text("crop()\n")
    write_chosen(tmp_path, chosen)
    names = sorted(path.name for path in tmp_path.glob("*.txt"))
    assert names == ["best_view-digit_0-2.txt", "best_view-digit_0.txt", "best_view.txt"]
    against = replace(found.compromise, recommended=False)
    doubted = chosen_views(replace(found, compromise=against))[0]
    assert doubted.text.startswith("# not recommended: In no task is it measurably better")
    with pytest.raises(InputError, match=r"the study has best_view-digit_0-2\.txt, best_view-d"):
        view_of(tmp_path / "best_view-digit.txt")


def test_without_labels_no_view_is_named_and_an_old_file_goes(tmp_path):
    (tmp_path / "best_view.txt").write_text("crop()\n")
    chosen = chosen_views(verdict(tmp_path, "no_labels"))
    write_chosen(tmp_path, chosen)
    assert chosen == []
    assert not list(tmp_path.glob("best_view*"))


def test_names_of_tasks_are_safe_in_any_folder():
    hard = ["../../etc", "a" * 300, "", "..", "CON:", "größe µm", "x\ny", "A", "a", "a-2"]
    found = safe_names(hard)
    assert len({name.casefold() for name in found}) == len(hard)
    for name in found:
        assert name.replace("-", "").replace("_", "").isalnum()
        assert len(f"best_view-{name}.txt".encode()) < 255
    assert found[5] == "größe_µm"
