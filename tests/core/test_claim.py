"""A folder has one owner and one writer at a time."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from goodviews.core import claim
from goodviews.core.claim import MARK, check_page, check_page_folder, claimed
from goodviews.core.errors import InputError

HOLD = """
import sys, time
from pathlib import Path
from goodviews.core.claim import claimed
with claimed(Path(sys.argv[1]), "study", own=lambda _: False):
    (Path(sys.argv[1]) / "half").write_text("")
    print("held", flush=True)
    time.sleep(60)
"""


def done(folder):
    return (folder / "done").exists()


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    with process:
        yield process
        process.kill()


@pytest.mark.parametrize("job", ["study", "pretrain"])
def test_a_second_process_is_told_who_writes(holder, tmp_path, job):
    with (
        pytest.raises(InputError) as error,
        claimed(tmp_path / "run", job, own=lambda _: True),
    ):
        pytest.fail("two processes hold one folder")
    if job == "study":
        assert f"process {holder.pid}" in str(error.value)
        assert "--out" in str(error.value)


def test_the_folder_of_a_killed_process_is_taken_over_and_that_is_said(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    said = []
    with claimed(tmp_path / "run", "study", own=done, say=said.append):
        assert json.loads((tmp_path / "run" / MARK).read_text())["pid"] == os.getpid()
    assert str(holder.pid) in said[0]
    with pytest.raises(InputError, match="unfinished run of goodviews study"):
        claim.check_owner(tmp_path / "run", "pretrain", own=done)


def test_two_threads_of_one_process_do_not_hold_one_folder(tmp_path):
    refused = []

    def second():
        try:
            with claimed(tmp_path, "study", own=done):
                pass
        except InputError as error:
            refused.append(str(error))

    with claimed(tmp_path, "study", own=done):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert f"process {os.getpid()}" in refused[0]


@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_forked_child_keeps_no_lock(tmp_path):
    with claimed(tmp_path / "run", "study", own=done):
        child = os.fork()
        if not child:
            signal.pause()
    with claimed(tmp_path / "run", "study", own=done):
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_finished_folder_holds_the_jobs_files_alone(tmp_path):
    with claimed(tmp_path / "run", "study", own=done):
        (tmp_path / "run" / "done").write_text("")
    assert os.listdir(tmp_path / "run") == ["done"]
    with claimed(tmp_path / "run", "study", own=done):
        assert MARK in os.listdir(tmp_path / "run")


def test_a_job_that_fails_before_it_writes_leaves_no_folder(tmp_path):
    with pytest.raises(KeyError), claimed(tmp_path / "run", "study", own=done):
        raise KeyError
    assert not (tmp_path / "run").exists()


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "photo.png").write_text("mine")
    with (
        pytest.raises(InputError, match="not a study folder"),
        claimed(tmp_path, "study", own=done),
    ):
        pytest.fail("it was given away")
    assert os.listdir(tmp_path) == ["photo.png"]


@pytest.mark.parametrize("same_start", [True, False])
def test_without_locks_a_process_is_known_by_its_number_and_start(
    tmp_path, monkeypatch, same_start
):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(claim.fcntl, "flock", no_locks)
    holder = claim._process() | {"job": "study"}
    if not same_start:  # another process has the number now
        holder["born"] = "then"
    (tmp_path / MARK).write_text(json.dumps(holder))
    if same_start:
        with (
            pytest.raises(InputError, match="already writes"),
            claimed(tmp_path, "study", own=done),
        ):
            pass
    else:
        with claimed(tmp_path, "study", own=done):
            pass


def test_a_mark_that_cannot_be_read_holds_nothing(tmp_path):
    for text in ("", "{", "[]", '{"job": 3, "pid": -1}', "\udcff" * 3):
        (tmp_path / MARK).write_text(text, encoding="utf-8", errors="surrogateescape")
        if "job" in text:
            continue
        with claimed(tmp_path, "study", own=done):
            pass


def test_a_page_replaces_pages_of_goodviews_only(tmp_path):
    page = tmp_path / "mine" / "index.html"
    check_page(page)
    page.parent.mkdir()
    page.write_text("<html>my site</html>")
    with pytest.raises(InputError, match="not a page of goodviews"):
        check_page(page)
    check_page(page, home=page.parent)
    page.write_text('<!doctype html>\n<meta name="generator" content="goodviews">')
    check_page(page)
    check_page_folder(page.parent, home=tmp_path)
    page.unlink()
    check_page_folder(page.parent, home=tmp_path)
    (page.parent / "photo.png").write_text("")
    with pytest.raises(InputError, match="other files"):
        check_page_folder(page.parent, home=tmp_path)
    check_page_folder(page.parent, home=page.parent)
