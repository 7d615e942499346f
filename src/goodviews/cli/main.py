"""``goodviews VERB``: finds the verb, and turns every failure into one sentence.

Nothing heavy is imported here: help and mistakes answer in a blink.
"""

import errno
import os
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperGroup

from goodviews.cli.process import hush, open_streams, say_warnings, stopped_by_signals
from goodviews.core.errors import InputError, unknown

DEBUG = "GOODVIEWS_DEBUG"
"""Environment variable; set to 1, unexpected errors show where they came from."""

COMPLETE = "_GOODVIEWS_COMPLETE"
"""Environment variable by which a shell asks what the words so far can be continued by."""

VERBS = {
    "study": "Find out which views to pretrain with, from your images: a page with advice.",
    "pretrain": "Pretrain an encoder with any method, backbone and views.",
    "learn-views": "Learn views from your images: an invertible generator, and its page.",
    "evaluate": "Evaluate any encoder, and which factors it keeps: --leakage meta.csv.",
    "transfer": "Judge a backbone by boxes, masks, or a class or depth for each pixel.",
    "embed": "Write the representations of images to a file, with names, labels and patch maps.",
    "export": "Export a backbone to timm, torchvision, safetensors, ONNX or detectron2.",
    "report": "Make the page of a study again, or of an embedding with --embedding z.npy.",
    "views": "List the views, or show what a spec does to your images.",
    "doctor": "Check DATA: what was read, and what is odd, slow or missing.",
    "reproduce": "Run a named experiment at a stated scale.",
}
"""Every verb with its line of help, in the order of the list."""


SHELLS = ("bash", "zsh")
_POSSIBLE = re.compile(r" \((?:Possible options|Did you mean one of): (.+?)\??\)$")


class Verbs(TyperGroup):
    """The verbs, each imported from its file when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Names of the verbs."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import a verb.

        Raises:
            InputError: There is no such verb.
        """
        if cmd_name not in VERBS:
            raise unknown("verb", cmd_name, VERBS)
        app = import_module(f"goodviews.cli.{cmd_name.replace('-', '_')}").app
        return typer.main.get_command(app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the list of verbs without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: Any) -> Any:
        """Call the verb; Ctrl-C ends it with one line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise typer.Exit(_stopped(stop)) from None
        except BrokenPipeError:  # which typer would end with code 1
            hush("stdout", "stderr")
            raise typer.Exit(141) from None


app = typer.Typer(
    cls=Verbs,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="VERB [ARGS]...",
)


def version(asked: bool) -> None:
    """Print the versions that a report of a fault needs, and end."""
    if asked:
        from importlib.metadata import version

        import goodviews
        from goodviews.core.origin import commit

        python, made = sys.version.split()[0], commit()
        known = "" if made == "unknown" else f" (commit {made})"
        print(
            f"goodviews {goodviews.__version__}{known}, torch {version('torch')}, Python {python}"
        )
        raise typer.Exit


def completion(shell: str) -> None:
    """Print what makes a shell complete verbs and options, and end."""
    if shell:
        from typer.completion import get_completion_script  # type: ignore[attr-defined]

        if shell not in SHELLS:
            raise unknown("shell", shell, SHELLS)
        print(get_completion_script(prog_name="goodviews", complete_var=COMPLETE, shell=shell))
        raise typer.Exit


@app.callback(invoke_without_command=True)
def goodviews(
    ctx: typer.Context,
    _version: bool = typer.Option(
        False, "--version", callback=version, is_eager=True, help="Print the versions and end."
    ),
    _completion: str = typer.Option(
        "",
        "--completion",
        metavar="SHELL",
        callback=completion,
        is_eager=True,
        help="Print what makes bash or zsh complete verbs and options: "
        'eval "$(goodviews --completion bash)" in ~/.bashrc.',
        show_default=False,
    ),
) -> None:
    """Find, measure and learn the views that make representations good.

    Start with: goodviews study
    """
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        arguments: Words after ``goodviews``; those of this process when left out.

    Returns:
        0 when all went well; 2 for a mistake that the user can correct, reported in one sentence;
        130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP; 1 otherwise.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with stopped_by_signals():
            if COMPLETE in os.environ:
                from typer.completion import completion_init  # type: ignore[attr-defined]

                completion_init()
            _specs_first(words)
            code = typer.main.get_command(app).main(
                args=words, prog_name="goodviews", standalone_mode=False
            )
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except InputError as error:
        return _say(str(error), 2)
    except KeyboardInterrupt as stop:
        return _stopped(stop)
    except typer.Abort:
        return _say("Stopped.", 130)
    except BrokenPipeError:
        hush("stdout", "stderr")
        return 141
    except OSError as error:
        return _say(_failed(error), 2)
    except MemoryError:
        return _say("There is not enough memory. Use smaller images (--size), or fewer.", 2)
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's report of wrong usage
            return _say(_usage(error), 2)
        if os.environ.get(DEBUG) == "1":
            raise
        return _say(
            f"{type(error).__name__}: {error or 'no more is known'}. This should not happen; "
            f"run again with {DEBUG}=1 to see where it came from.",
            1,
        )


def run() -> None:
    """The command ``goodviews``."""
    open_streams()
    say_warnings()
    sys.exit(main())


def _specs_first(words: list[str]) -> None:
    """Check specs before typer converts values, for which it loads a large library."""
    given: list[str] = []
    if words[:1] == ["study"]:
        given = [after for word, after in pairwise(words) if word == "--views"]
        given += [word.partition("=")[2] for word in words if word.startswith("--views=")]
    elif words[:2] == ["views", "show"]:
        given = [word for word in words[2:3] if not word.startswith("-")]
    if given:
        from goodviews.spec.lists import read_specs

        read_specs(given)


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "goodviews"
    said = error.format_message().rstrip().rstrip(".")
    options = _POSSIBLE.search(said)
    if options:
        option = said[: options.start()].split()[-1].strip("'")
        names = [name.strip("'") for name in options[1].split(", ")]
        near = get_close_matches(option, names, n=1, cutoff=0.0)[0]
        said = f"{said[: options.start()].rstrip('.')}. Did you mean {near}?"
    return f"{said}{'' if said.endswith('?') else '.'} See {where} --help."


def _failed(error: OSError) -> str:
    """A failure of the system in one sentence."""
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"Cannot use {os.fsdecode(error.filename)}: {reason}."
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EBADF, errno.EIO):
        hush("stdout")
        return f"Cannot write the result to standard output: {reason}."
    return f"The system reports: {reason}."


def _stopped(stop: KeyboardInterrupt) -> int:
    """Say that the command was stopped, and give its exit code."""
    return _say(f"{str(stop).rstrip('.') or 'Stopped'}.", int(getattr(stop, "code", 130)))


def _say(sentence: str, code: int) -> int:
    try:
        print(" ".join(sentence.split()), file=sys.stderr, flush=True)
    except OSError:  # standard error is full or closed
        hush("stderr")
    return code
