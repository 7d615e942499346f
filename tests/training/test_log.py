"""The log after kills, resumes, new columns and a full disk; trackers behind one door."""

import os
import signal
import sys
import types
import warnings
from pathlib import Path

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.training import track
from goodviews.training.log import Log, read_log


def steps(folder):
    return [int(row["step"]) for row in read_log(folder / "log.csv")]


def test_rows_come_back_in_full_precision(tmp_path):
    with Log(tmp_path) as log:
        log.row(1, loss=1 / 3, word="a, b", best=None, flag=True)
        log.row(2, loss=torch.tensor(0.1, dtype=torch.float64))
    one, two = read_log(tmp_path / "log.csv")
    assert float(one["loss"]) == 1 / 3
    assert (one["word"], one["best"], one["flag"]) == ("a, b", "", "True")
    assert float(two["loss"]) == 0.1
    assert two["word"] == ""


@pytest.mark.parametrize("every", [1, 3, 7, 100])
def test_how_often_it_is_flushed_does_not_change_the_file(tmp_path, every):
    for folder, often in ((tmp_path / "a", every), (tmp_path / "b", 1)):
        with Log(folder) as log:
            for step in range(1, 13):
                log.row(step, loss=1 / step)
                if step % 5 == 0:
                    log.row(step, probe=step)
                if step % often == 0:
                    log.flush()
    assert (tmp_path / "a/log.csv").read_bytes() == (tmp_path / "b/log.csv").read_bytes()


def test_what_is_said_later_of_a_flushed_step_joins_its_row(tmp_path):
    log = Log(tmp_path)
    log.row(1, loss=1.0)
    log.flush()
    log.row(1, probe=0.5)
    log.row(2, loss=0.9)
    log.close()
    assert [list(row.values()) for row in read_log(tmp_path / "log.csv")] == [
        ["1", "1.0", "0.5"],
        ["2", "0.9", ""],
    ]


def rows(count, **values):
    """What a checkpoint knows of the first steps."""
    return [{"step": step, **values} for step in range(1, count + 1)]


@pytest.mark.parametrize("after", [3, 4, 6])
def test_a_resumed_run_holds_each_step_once(tmp_path, after):
    with Log(tmp_path) as log:
        for step in range(1, 7):
            log.row(step, loss=-step)
    with Log(tmp_path, before=rows(after, loss=-1.0)) as log:
        for step in range(after + 1, 9):
            log.row(step, loss=step)
    assert steps(tmp_path) == list(range(1, 9))
    signs = [float(row["loss"]) < 0 for row in read_log(tmp_path / "log.csv")]
    assert signs == [step <= after for step in range(1, 9)]


@pytest.mark.parametrize("left", [None, 0, 3, 9, 15, 21, 23])
def test_whatever_a_kill_left_of_the_file_is_repaired(left, tmp_path):
    with Log(tmp_path) as log:
        for step in range(1, 4):
            log.row(step, loss=0.5)
    path = tmp_path / "log.csv"
    whole = path.read_text()
    if left is None:
        path.unlink()
    else:
        path.write_text((whole + "4,0.")[:left])
    with Log(tmp_path, before=rows(3, loss=0.5)) as log:
        log.row(4, loss=0.25)
    assert path.read_text() == whole + "4,0.25\n"


def test_a_kill_leaves_what_was_flushed(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of a fork among threads
        child = os.fork()
    if not child:
        log = Log(tmp_path)
        for step in range(1, 100):
            log.row(step, loss=step)
            if step == 40:
                log.flush()
            if step == 60:
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert steps(tmp_path) == list(range(1, 41))


def test_a_new_run_begins_anew(tmp_path):
    for _ in range(2):
        with Log(tmp_path) as log:
            log.row(1, loss=1.0)
    assert steps(tmp_path) == [1]


def test_a_full_disk_is_a_sentence_and_cuts_back(tmp_path, monkeypatch):
    log = Log(tmp_path)
    log.row(1, loss=1.0)
    log.flush()
    before = log.path.read_bytes()
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, data[:3]))
    log.row(2, loss=1.0)
    with pytest.raises(InputError, match=r"No space left.*up to step 1 are stored"):
        log.flush()
    assert log.path.read_bytes() == before


def test_going_backwards_is_refused(tmp_path):
    log = Log(tmp_path)
    log.row(5, loss=1.0)
    with pytest.raises(InputError, match="step 4 is logged after step 5"):
        log.row(4, loss=1.0)
    log.flush()
    with pytest.raises(InputError, match="step 4 is logged after step 5"):
        log.row(4, loss=1.0)


def test_something_else_under_the_name_is_refused(tmp_path):
    (tmp_path / "log.csv").write_text("name,price\nten,1\n")
    with pytest.raises(InputError, match="is not a log"):
        Log(tmp_path, before=rows(1, loss=1.0))
    with pytest.raises(InputError, match="Cannot read"):
        read_log(tmp_path / "absent.csv")


def test_only_the_first_process_writes(tmp_path, monkeypatch):
    monkeypatch.setattr("goodviews.training.log.rank", lambda: 1)
    with Log(tmp_path, track="tensorboard") as log:
        log.row(1, loss=1.0)
    assert list(tmp_path.iterdir()) == []


class Fake:
    """Stands for the three libraries and notes what they are told."""

    def __init__(self):
        self.told, self.made, self.closed = [], [], 0

    def modules(self):
        writer = types.SimpleNamespace(
            add_scalar=lambda name, value, step: self.told.append((step, name, value)),
            close=self.close,
        )
        run = types.SimpleNamespace(
            id="abc",
            log=lambda values, step: self.told.extend((step, *item) for item in values.items()),
            finish=self.close,
        )
        return {
            "tensorboard": types.ModuleType("tensorboard"),
            "torch.utils.tensorboard": self.module(SummaryWriter=self.make(writer)),
            "wandb": self.module(init=self.make(run)),
            "mlflow": self.module(
                start_run=self.make(types.SimpleNamespace(info=types.SimpleNamespace(run_id="x"))),
                log_metrics=run.log,
                end_run=self.close,
            ),
        }

    def make(self, result):
        def call(*args, **options):
            self.made.append(options)
            return result

        return call

    def close(self):
        self.closed += 1

    @staticmethod
    def module(**names):
        module = types.ModuleType("fake")
        vars(module).update(names)
        return module


@pytest.mark.parametrize("name", sorted(track.TRACKERS))
def test_a_tracker_is_told_every_number_once_and_closed(name, tmp_path, monkeypatch):
    fake = Fake()
    for path, module in fake.modules().items():
        monkeypatch.setitem(sys.modules, path, module)
    with Log(tmp_path, track=name) as log:
        log.row(1, loss=2.0, word="x", best=None)
        log.flush()
        log.row(2, loss=1.0)
    assert fake.told == [(1, "loss", 2.0), (2, "loss", 1.0)]
    assert fake.closed == 1
    with Log(tmp_path, before=rows(2, loss=1.0), track=name) as log:
        log.row(3, loss=0.5)
    first, again = fake.made
    kept = {"tensorboard": {"purge_step": 3}, "wandb": {"id": "abc"}, "mlflow": {"run_id": "x"}}
    assert kept[name].items() <= again.items()
    assert not kept[name].items() <= first.items()
    assert steps(tmp_path) == [1, 2, 3]


@pytest.mark.parametrize("name", sorted(track.TRACKERS))
def test_a_tracker_that_is_not_installed_names_what_brings_it(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    extra = "track" if name == "tensorboard" else name
    with pytest.raises(InputError, match=rf"pip install .*\[{extra}\]'"):
        Log(tmp_path, track=name)


def test_an_unknown_tracker_names_the_nearest(tmp_path):
    with pytest.raises(InputError, match="Did you mean 'tensorboard'"):
        Log(Path(tmp_path), track="tensorbord")
