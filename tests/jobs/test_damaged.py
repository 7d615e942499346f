"""Files of a run that were cut short or edited end in one sentence or are made again."""

import csv
import io
import json
import shutil

import pytest
from tests.jobs.tiny import COMMANDS, DATA, call

READERS = {
    "study": [["report", "study"], [*COMMANDS["study"], "--jobs", "1"]],
    "pretrain": [
        ["evaluate", "pretrain", DATA, "--protocol", "knn", "--seeds", "0", "--out", "new"],
        ["export", "pretrain", "--to", "safetensors", "--out", "new"],
        COMMANDS["pretrain"],
    ],
    "evaluate": [COMMANDS["evaluate"]],
    "learn-views": [["report", "learn-views"], COMMANDS["learn-views"]],
    "export": [COMMANDS["export"]],
    "reproduce": [COMMANDS["reproduce"]],
}
"""What reads the folder of each job."""

VALUES = [None, [], {}, "text", -1, True, 10**30]


def edits(value, most):
    """JSON with one key missing or one value replaced, at every place or a spread of them."""
    places = list(walk(value))
    step = max(1, len(places) * (len(VALUES) + 1) // most)
    made = [(place, new) for place in places for new in ["absent", *VALUES]]
    for place, new in made[::step]:
        copy = json.loads(json.dumps(value))
        inner = copy
        for key in place[:-1]:
            inner = inner[key]
        if new == "absent":
            del inner[place[-1]]
        else:
            inner[place[-1]] = new
        yield json.dumps(copy)


def walk(value, place=()):
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield (*place, key)
        if isinstance(value[key], dict | list):
            yield from walk(value[key], (*place, key))


def damaged(path, most):
    """Contents that a disk or a person could leave in place of a file."""
    data = path.read_bytes()
    yield from (
        b"",
        data[: len(data) // 3],
        data[:-1],
        b"\xff\xfe" + data,
        b"null",
        b"[]",
        b"1e400",
    )
    if path.suffix == ".json":
        yield from (text.encode() for text in edits(json.loads(data), most))
    if path.suffix == ".csv" and data:
        rows = list(csv.reader(io.StringIO(data.decode())))
        for number in {0, len(rows) - 1}:
            for column in range(0, len(rows[number]), max(1, len(rows[number]) // 4)):
                for new in ("", "-1", "text", "1e400", "nan"):
                    copy = [list(row) for row in rows]
                    copy[number][column] = new
                    out = io.StringIO()
                    csv.writer(out, lineterminator="\n").writerows(copy)
                    yield out.getvalue().encode()
        yield b"\n".join(data.split(b"\n")[:-2]) + b"\n"


def check(written, tmp_path, monkeypatch, job, most, readers):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    names = {path.relative_to(written) for path in (written / job).rglob("*")}
    texts = sorted(name for name in names if name.suffix in (".json", ".csv", ".txt"))
    assert texts
    wrong = []
    for name in texts:
        for content in damaged(written / name, most):
            for words in readers:
                (tmp_path / name).write_bytes(content)
                code, _, said = call(words)
                ours = code in (0, 2) and "should not happen" not in said
                if not (ours and "Traceback" not in said and (code == 0 or said.count("\n"))):
                    wrong.append((str(name), content[:60], words[:2], code, said[-300:]))
                for folder in {job, "new"}:
                    shutil.rmtree(tmp_path / folder, ignore_errors=True)
                shutil.copytree(written / job, tmp_path / job)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("job", ["study", "pretrain", "evaluate", "learn-views"])
def test_a_damaged_file_is_one_sentence_or_made_again(job, written, tmp_path, monkeypatch):
    quick = READERS[job][1 if job == "pretrain" else 0]
    check(written, tmp_path, monkeypatch, job, most=4, readers=[quick])


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("job", READERS)
def test_a_spread_of_damaged_values_is_one_sentence_or_made_again(
    job, written, tmp_path, monkeypatch
):
    check(written, tmp_path, monkeypatch, job, most=40, readers=READERS[job])
