"""Laws of the command line as a process: exit codes, one sentence, and no heavy imports."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from goodviews.core import origin
from goodviews.core.origin import commit

HEAVY = ("torch", "torchvision", "sklearn", "scipy", "numpy", "altair", "rich", "jinja2")

USAGE = {
    "unknown verb": (["studdy"], "Did you mean 'study'?"),
    "unknown option": (["study", "--sedes", "3"], "Did you mean --seeds?"),
    "unknown view": (["study", "--views", "crap()"], "Did you mean 'crop'?"),
    "unknown argument": (["study", "--views", "crop(scal=1)"], "Did you mean 'scale'?"),
    "spec that does not parse": (["views", "show", "crop(("], "Cannot parse"),
    "two families to show": (
        ["views", "show", "noise(std={0.1, 0.2})|flip(p={0.1, 0.2})"],
        "only one is allowed",
    ),
    "no such file of specs": (["study", "--views", "@nowhere.txt"], "nowhere.txt"),
    "unknown recipe": (["reproduce", "propositon"], "Did you mean 'proposition'?"),
    "unknown scale": (["reproduce", "proposition", "--scale", "gpus"], "Did you mean 'gpu'?"),
    "nothing to report": (["report"], "--embedding"),
    "no such study": (["report", "nowhere"], "There is no study folder"),
    "no such verb of views": (["views", "lst"], "Did you mean 'list'?"),
    "no number": (["study", "--seeds", "many"], "--seeds"),
    "no seeds": (["study", "--seeds", "0"], "--seeds"),
    "unknown shell": (["--completion", "fish"], "Known: bash, zsh."),
    "no time": (["study", "--minutes", "0"], "0.1"),
}


def call(*words: str, debug: bool = False, **options) -> subprocess.CompletedProcess:
    env = {k: v for k, v in os.environ.items() if k != "GOODVIEWS_DEBUG"}
    if debug:
        env["GOODVIEWS_DEBUG"] = "1"
    command = [sys.executable, "-m", "goodviews", *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, **options)


@pytest.mark.parametrize(("words", "said"), USAGE.values(), ids=USAGE)
def test_wrong_usage_is_one_sentence_and_code_2(words, said, tmp_path):
    done = call(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [["--help"], ["study", "--help"], ["views", "list"], ["reproduce"], ["--version"]]
    + [words for words, _ in USAGE.values()],
    ids=" ".join,
)
def test_help_and_wrong_usage_import_nothing_heavy(words, tmp_path):
    script = (
        "import sys; from goodviews.cli.main import main; main(sys.argv[1:]); "
        f"print('heavy:', *[m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "heavy:"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("st", ["study"]),
        ("study --vi", ["--views"]),
        ("reproduce propo", ["proposition"]),
        ("nothing ", []),
    ],
)
def test_bash_completes_verbs_options_and_experiments(words, offered, tmp_path):
    command = tmp_path / "goodviews"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m goodviews "$@"\n')
    command.chmod(0o755)
    script = f'''eval "$({command} --completion bash)"
COMP_WORDS=(goodviews {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_goodviews_completion {command} 2>/dev/null; echo "${{COMPREPLY[@]}}"'''
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == offered


def test_the_version_names_the_commit_of_this_code_and_of_no_other_repository(tmp_path):
    known = commit()
    if known != "unknown":
        assert f"(commit {known})" in call("--version").stdout
    package = tmp_path / "venv" / "goodviews" / "core"
    shutil.copytree(Path(origin.__file__).parent, package)
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "theirs"]):
        identity = ["-c", "user.name=x", "-c", "user.email=x@y"]
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True)
    (package.parent / "__init__.py").touch()
    script = "from goodviews.core.origin import commit; print(commit())"
    env = os.environ | {"PYTHONPATH": str(tmp_path / "venv")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], env=env, capture_output=True, text=True
    )
    assert done.stdout.strip() == "unknown"


def test_no_verb_shows_the_verbs():
    done = call()
    assert done.returncode == 0
    for verb in ("study", "report", "views", "doctor", "reproduce"):
        assert f"\n  {verb} " in done.stdout


def test_a_closed_pipe_is_quiet():
    command = f"{sys.executable} -m goodviews views list | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stderr == ""


def test_an_unexpected_error_names_itself_and_the_way_to_see_more(monkeypatch, capsys):
    import goodviews.spec.names as names
    from goodviews.cli.main import DEBUG, main

    monkeypatch.delenv(DEBUG, raising=False)
    monkeypatch.setattr("goodviews.spec.listing.VIEWS", None)
    assert names.VIEWS
    assert main(["views", "list"]) == 1
    said = capsys.readouterr().err
    assert "AttributeError" in said
    assert DEBUG in said
    assert said.count("\n") == 1
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(AttributeError):
        main(["views", "list"])


def test_ctrl_c_is_one_line_and_code_130(monkeypatch, capsys):
    from goodviews.cli.main import main

    def stop(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("goodviews.jobs.look.job.examine", stop)
    assert main(["doctor"]) == 130
    assert capsys.readouterr().err == "Stopped.\n"
