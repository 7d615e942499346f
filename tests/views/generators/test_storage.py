"""A generator's file: what went in comes out, and what is wrong with it is told."""

import json

import pytest
import safetensors.torch
import torch

from goodviews.core.errors import InputError
from goodviews.views.generators import load_generator, save_generator

TEXTS = ["nvp(blocks=3, width=8)", "vp(blocks=2, width=4)", "orthogonal()", "linear()"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_saved_is_loaded_to_the_bit(text, dtype, shaken, tmp_path, rng):
    generator = shaken(text, 4, dtype=dtype)
    name = save_generator(
        tmp_path / "deep" / "g.safetensors", generator, {"seed": 3, "à": [1, {}]}
    )
    again, notes = load_generator(tmp_path / "deep" / "g.safetensors", name)
    images = torch.rand(2, 4, 5, 5, generator=rng, dtype=dtype)
    assert torch.equal(generator(images), again(images))
    assert notes == {"seed": 3, "à": [1, {}]}
    assert again.text == text
    assert not again.training
    assert not any(values.requires_grad for values in again.parameters())


def test_the_hash_is_of_the_content_alone(shaken, tmp_path):
    generator = shaken("vp(blocks=2, width=4)", 3)
    one = save_generator(tmp_path / "a.safetensors", generator, {"b": 1, "a": 2})
    two = save_generator(tmp_path / "b.safetensors", generator, {"a": 2, "b": 1})
    other = save_generator(tmp_path / "c.safetensors", shaken("vp(blocks=2, width=4)", 3, 1), {})
    assert one == two != other
    assert len(one) == 16


def test_another_content_than_the_hash_names_is_refused(shaken, tmp_path):
    file = tmp_path / "g.safetensors"
    save_generator(file, shaken("orthogonal()", 3), {})
    with pytest.raises(InputError, match="have the hash 0123456789abcdef"):
        load_generator(file, "0123456789abcdef")


def test_files_that_are_missing_damaged_or_foreign_are_told_apart(shaken, tmp_path):
    file = tmp_path / "g.safetensors"
    with pytest.raises(InputError, match=r"Cannot read the generator .*No such file"):
        load_generator(file)
    with pytest.raises(InputError, match=r"Cannot read the generator .*directory"):
        load_generator(tmp_path)
    save_generator(file, shaken("nvp(blocks=2, width=4)", 3), {})
    whole = file.read_bytes()
    for damaged in (b"", whole[:7], whole[:100], whole[:-1], b"\xff" * 200, whole + b"x"):
        file.write_bytes(damaged)
        with pytest.raises(InputError, match="is damaged or not a safetensors file"):
            load_generator(file)
    file.write_bytes(safetensors.torch.save({"w": torch.zeros(2)}))
    with pytest.raises(InputError, match="holds no generator"):
        load_generator(file)


@pytest.mark.parametrize(
    "told",
    [
        "{",
        "3",
        json.dumps({"text": "orthogonal()", "channels": 4, "notes": {}}),
        json.dumps({"text": "later(blocks=2)", "channels": 3, "notes": {}}),
        json.dumps({"text": "orthogonal()", "channels": 3}),
    ],
)
def test_a_file_that_builds_nothing_is_told_in_a_sentence(told, tmp_path):
    file = tmp_path / "g.safetensors"
    state = {"turn": torch.zeros(3)}
    file.write_bytes(safetensors.torch.save(state, metadata={"goodviews_generator": told}))
    with pytest.raises(InputError, match="a generator that this version cannot build"):
        load_generator(file)


def test_weights_that_are_no_numbers_are_not_saved(shaken, tmp_path):
    generator = shaken("orthogonal()", 3)
    with torch.no_grad():
        generator.turn[0] = float("nan")
    with pytest.raises(InputError, match="holds values in turn that are not finite"):
        save_generator(tmp_path / "g.safetensors", generator, {})
    assert not list(tmp_path.iterdir())
