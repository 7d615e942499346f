"""A command as a process: streams that take any text, and signals that stop it like Ctrl-C."""

import codecs
import contextlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from types import FrameType
from typing import Any

from goodviews.core.progress import print_line

_ERRORS = "goodviews"
_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
_SIGNALS = ("SIGTERM", "SIGHUP")


class Stopped(KeyboardInterrupt):
    """A signal asked the command to stop.

    Args:
        number: Number of the signal.

    Attributes:
        code: Exit code of the process: 128 + the number of the signal.

    Example:
        >>> Stopped(15).code, str(Stopped(15))
        (143, 'Stopped by SIGTERM')
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"Stopped by {signal.Signals(number).name}")
        self.code = 128 + number


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP stop the command as Ctrl-C does.

    A signal that the caller chose to ignore (``nohup``) stays ignored.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Stopped(number)

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
        before = {n: signal.getsignal(n) for n in numbers}
        before = {n: old for n, old in before.items() if old is signal.SIG_DFL}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def open_streams() -> None:
    """Open the standard streams that are closed, and let the others take any text.

    A file opened later would otherwise get the number of a closed stream, and whatever is
    printed would end in it. A character that a stream cannot hold is written as its escape, and a
    byte of a file name that is not text as it is.
    """
    codecs.register_error(_ERRORS, _escaped)
    for number, (name, mode) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
        stream = getattr(sys, name)
        if mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)


def say_warnings() -> None:
    """Print the warnings of goodviews as sentences, without the line of code."""
    usual = warnings.showwarning

    def show(message: Any, category: type, file: str, *rest: Any) -> None:
        if category is UserWarning and f"{os.sep}goodviews{os.sep}" in file:
            print_line(str(message), sys.stderr)
        else:
            usual(message, category, file, *rest)

    warnings.showwarning = show  # type: ignore[assignment]


def _escaped(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    if all("\udc80" <= letter <= "\udcff" for letter in text):
        return bytes(ord(letter) - 0xDC00 for letter in text), error.end
    return "".join(_escape(letter) for letter in text), error.end


def _escape(letter: str) -> str:
    return letter.encode("ascii", "backslashreplace").decode("ascii")


def hush(*names: str) -> None:
    """Send the rest of the output nowhere, so that closing a stream prints nothing."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for name in names:
            os.dup2(nowhere, getattr(sys, name).fileno())
        os.close(nowhere)
