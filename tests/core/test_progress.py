"""A long run shows how far it is: a bar on a terminal, lines elsewhere, or a function."""

import io

import pytest

from goodviews.core.progress import Progress, as_report, draws_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self):
        return self.now


def test_progress_without_a_terminal_is_a_line_every_tenth(capsys):
    with Progress() as progress:
        for done in range(101):
            progress("epochs trained", done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"{done} of 100 epochs trained ({done} %)" for done in range(0, 101, 10)
    ]


def test_where_parts_differ_in_cost_lines_follow_the_share_of_the_work(capsys):
    with Progress() as progress:
        for hundredth in range(101):
            progress("runs finished", hundredth // 60, 2, share=hundredth / 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "0 of 2 runs finished (0 %)"
    assert lines[6] == "1 of 2 runs finished (60 %)"
    assert len(lines) == 11


def test_the_time_left_is_forecast_from_the_pace_of_the_stage():
    file, clock = io.StringIO(), Clock()
    with Progress(file=file, clock=clock) as progress:
        progress("images read", 0, 400)
        clock.now = 5.0
        progress("images read", 100, 400)
    assert file.getvalue().splitlines()[-1] == "100 of 400 images read (25 %), about 15 s left"


def test_a_forecast_of_the_job_is_shown_instead_of_that_of_the_bar():
    screen = Terminal()
    with Progress(file=screen) as progress:
        progress("runs finished", 1, 4, share=0.1, left=720.0)
    assert "1 of 4 runs finished" in screen.getvalue()
    assert " 10%" in screen.getvalue()
    assert "about 12 min left" in screen.getvalue()


def test_quiet_progress_says_nothing(capsys):
    with Progress(quiet=True) as progress:
        progress.wait("Loading PyTorch ...")
        progress.note("Resuming.")
        progress("epochs trained", 5, 10)
    assert capsys.readouterr().err == ""


def test_a_bar_is_drawn_on_a_terminal_from_the_first_step_on():
    screen = Terminal()
    with Progress(file=screen) as progress:
        assert screen.getvalue() == ""
        progress("epochs trained", 1, 4)
        progress("epochs trained", 4, 4)
    assert "4 of 4 epochs trained" in screen.getvalue()
    assert "100%" in screen.getvalue()


def test_a_wait_is_shown_until_the_first_stage_begins(capsys):
    screen = Terminal()
    with Progress(file=screen) as progress:
        progress.wait("Loading PyTorch ...")
        assert "Loading PyTorch ..." in screen.getvalue()
        progress("epochs trained", 1, 4)
        before = len(screen.getvalue())
        progress("epochs trained", 4, 4)
    assert "Loading" not in screen.getvalue()[before:]
    with Progress() as progress:
        progress.wait("Loading PyTorch ...")
    assert capsys.readouterr().err == ""


@draws_progress
def job(steps, *, progress=None):
    """Counts."""
    report = as_report(progress)
    report.note("Resuming: 0 of them are finished.")
    for done in range(steps):
        report("steps taken", done + 1, steps)
        report("steps taken", done + 1, steps, share=(done + 1) / steps, left=1.0)
    return steps


def test_a_job_draws_a_bar_calls_a_function_or_shows_nothing(capsys):
    seen = []
    assert job(3, progress=lambda *step: seen.append(step)) == 3
    assert seen == [("steps taken", k, 3) for k in (1, 2, 3)]
    assert capsys.readouterr().err == ""
    assert job(3, progress=True) == 3
    assert capsys.readouterr().err.splitlines()[-1].startswith("3 of 3 steps taken (100 %)")
    for silent in (False, None):
        assert job(3, progress=silent) == 3
    assert capsys.readouterr().err == ""


def test_the_bar_ends_when_a_job_fails(monkeypatch):
    ends = []
    monkeypatch.setattr(Progress, "__exit__", lambda *_: ends.append(True))

    @draws_progress
    def broken(*, progress=None):
        raise ValueError

    with pytest.raises(ValueError):
        broken(progress=True)
    assert ends == [True]
