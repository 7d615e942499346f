"""Laws of records as JSON: what is written is read back, and what does not fit is named."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from goodviews.core.errors import InputError
from goodviews.core.interval import Interval
from goodviews.core.records.codec import SHORT, from_json, to_json
from goodviews.core.records.run import Run
from goodviews.core.records.verdict import Verdict

DOCUMENT = Path(__file__).parents[3] / "docs" / "study_folder.md"


@dataclass(frozen=True)
class Inner:
    kind: Literal["left", "right"]
    level: Annotated[Interval | None, SHORT]


@dataclass(frozen=True)
class Outer:
    name: str
    count: int
    share: float
    good: bool
    nats: Interval
    inner: tuple[Inner, ...]
    named: dict[str, int]
    other: Inner | None


MADE = Outer(
    name="a",
    count=3,
    share=0.5,
    good=True,
    nats=Interval(1.0, 0.5, 1.5),
    inner=(Inner("left", None), Inner("right", Interval(0.5, -math.inf, math.inf))),
    named={"x": 1},
    other=None,
)


def test_what_is_written_is_read_back():
    written = json.loads(json.dumps(to_json(MADE), allow_nan=False))
    assert from_json(Outer, written, "f") == MADE
    keys = "name count share good nats nats_low nats_high inner named other"
    assert list(written) == keys.split()
    assert written["inner"][1] == {"kind": "right", "level": 0.5, "low": None, "high": None}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": 3}, "name is 3, but expected a text"),
        ({"count": 3.5}, "count is 3.5, but expected an integer"),
        ({"count": True}, "count is True, but expected an integer"),
        ({"share": None}, "share is null, but expected a number"),
        ({"nats": None}, "nats is null, but expected a number"),
        ({"nats_low": None}, "nats_low is null, but its other end is not"),
        ({"nats_low": "x"}, "nats_low is 'x', but expected a number or null"),
        ({"inner": {}}, "inner is {}, but expected a list"),
        ({"inner": [3]}, "inner[0] is 3, but expected an object"),
        ({"inner": [{"kind": "left"}]}, "inner[0].level is missing"),
        (
            {"inner": [{"kind": "up", "level": None, "low": None, "high": None}]},
            "inner[0].kind is 'up', but expected 'left' or 'right'",
        ),
        ({"named": {"x": "y"}}, "named.x is 'y', but expected an integer"),
        ({"newer": 1}, "newer is not a field that this version of goodviews knows"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], words: str):
    value = to_json(MADE) | change
    with pytest.raises(InputError, match=re.escape(f"f: {words}.")):
        from_json(Outer, value, "f")


@pytest.mark.parametrize(("kind", "place"), [(Run, 0), (Verdict, 1)])
def test_the_documented_file_is_what_the_records_read_and_write(kind: Any, place: int):
    text = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text("utf8"), re.DOTALL)[place]
    value = json.loads(text)
    assert kind.from_json(value).to_json() == value


def test_a_study_older_than_the_compromise_is_still_read():
    text = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text("utf8"), re.DOTALL)[1]
    value = json.loads(text)
    del value["compromise"], value["tasks"][0]["advice"]["recommended"]
    found = Verdict.from_json(value)
    assert found.compromise is None
    assert found.tasks[0].advice.recommended


@pytest.mark.parametrize("kind", [Run, Verdict])
def test_another_version_is_refused(kind: Any):
    with pytest.raises(InputError, match="schema is 2"):
        kind.from_json({"schema": 2})
