"""A long run shows how far it is: a bar on a terminal, lines elsewhere, or a function."""

import io

import pytest

from goodviews.core.progress import Progress, as_report, draws_progress


def test_progress_without_a_terminal_is_a_line_every_tenth(capsys):
    with Progress() as progress:
        for done in range(101):
            progress("training", done, 100)
        progress("pairs", 0, 0)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines[:-1]] == [
        f"training: {done} of 100 ({done} %)" for done in range(0, 101, 10)
    ]


def test_quiet_progress_says_nothing(capsys):
    with Progress(quiet=True) as progress:
        progress("training", 5, 10)
    assert capsys.readouterr().err == ""


def test_a_bar_is_drawn_on_a_terminal_from_the_first_step_on():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    with Progress(file=screen) as progress:
        assert screen.getvalue() == ""
        progress("training", 1, 4)
        progress("training", 4, 4)
    assert "training" in screen.getvalue()
    assert "4/4" in screen.getvalue()


@draws_progress
def job(steps, *, progress=None):
    """Counts."""
    for done in range(steps):
        as_report(progress)("counting", done + 1, steps)
    return steps


def test_a_job_draws_a_bar_calls_a_function_or_shows_nothing(capsys):
    seen = []
    assert job(3, progress=lambda *step: seen.append(step)) == 3
    assert seen == [("counting", k, 3) for k in (1, 2, 3)]
    assert capsys.readouterr().err == ""
    assert job(3, progress=True) == 3
    assert capsys.readouterr().err.splitlines()[-1] == "counting: 3 of 3 (100 %)"
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
