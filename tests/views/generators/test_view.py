"""A generator's file as a view: found by name and hash, wherever the spec is read again."""

import pickle
import shlex
import shutil
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from goodviews.core.errors import InputError
from goodviews.spec.files import SEARCHED, find, keep_beside, look_in, pin
from goodviews.spec.lists import read_specs
from goodviews.views import parse_view
from goodviews.views.generators import load_generator, save_generator
from goodviews.views.interop import Collate

SAMPLES = torch.arange(4)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty working folder, and no other to look in."""
    monkeypatch.setenv(SEARCHED, "")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def put(shaken):
    """Writes a generator and gives its hash."""

    def write(file, text="nvp(blocks=2, width=4)", channels=3, seed=0):
        return save_generator(Path(file), shaken(text, channels, seed), {})

    return write


def views(spec, images):
    return parse_view(spec)(images, seed=0, samples=SAMPLES[: len(images)], epoch=0)


def test_both_views_are_channels_of_what_the_generator_makes(put, rng):
    hash = put("g.safetensors")
    images = torch.rand(4, 3, 9, 9, generator=rng)
    v1, v2 = views("learned('g.safetensors')|split(1)", images)
    made = load_generator(Path("g.safetensors"))[0](images)
    assert torch.equal(torch.cat([v1, v2], dim=1), made)
    pair = parse_view("learned('g.safetensors')|split(1)")
    assert torch.equal(pair.plain(1, images), made[:, 1:])
    assert repr(pair) == f"learned('g.safetensors', hash='{hash}')|split(1)"
    assert repr(pair.first.steps[0]) == f"learned('g.safetensors', hash='{hash}')"
    assert repr(parse_view(repr(pair))) == repr(pair)
    assert not pair.alike
    assert pair.first.steps[0].form
    assert not pair.first.steps[0].unit


def test_it_keeps_the_precision_and_passes_gradients_to_the_images_alone(put, rng):
    put("g.safetensors")
    step = parse_view("learned('g.safetensors')").first.steps[0]
    for dtype in (torch.float64, torch.float32, torch.float64):
        images = torch.rand(2, 3, 5, 5, generator=rng, dtype=dtype, requires_grad=True)
        made = step.apply(images, {})
        assert made.dtype == dtype
        assert torch.autograd.grad(made.sum(), images)[0].any()
        assert not any(one.requires_grad for one in step.generator.parameters())


@pytest.mark.parametrize("way", ["runs/a/g.safetensors", "./runs/a/g.safetensors", "{}"])
def test_a_spec_is_recorded_by_name_and_hash_whatever_way_was_written(way, put, tmp_path):
    hash = put("runs/a/g.safetensors")
    spec = f"learned({way.format(tmp_path / 'runs/a/g.safetensors')!r})|split(1)"
    wanted = f"learned('g.safetensors', hash='{hash}')|split(1)"
    assert pin(spec) == repr(parse_view(spec)) == wanted
    assert read_specs([spec]) == [wanted]
    assert find("g.safetensors", hash)[0].read_bytes() == Path("runs/a/g.safetensors").read_bytes()


def test_a_file_of_specs_names_generators_beside_it(put, tmp_path, monkeypatch):
    hash = put("run/g.safetensors")
    Path("run/best_view.txt").write_text("crop()|learned('g.safetensors')|split(1)\n")
    specs = read_specs(["@run/best_view.txt"])
    assert specs == [f"crop()|learned('g.safetensors', hash='{hash}')|split(1)"]
    monkeypatch.chdir("/")
    parse_view(specs[0]).check((3, 8, 8))
    Path(tmp_path / "run/bad.txt").write_text("flip()\nlearned('h.safetensors')\n")
    with pytest.raises(InputError, match=r"bad.txt, line 2: There is no h.safetensors in .*run"):
        read_specs([f"@{tmp_path}/run/bad.txt"])


def test_the_hash_tells_files_of_one_name_apart(put, rng):
    first, second = put("a/g.safetensors", seed=1), put("b/g.safetensors", seed=2)
    images = torch.rand(1, 3, 4, 4, generator=rng)
    made = {}
    for folder in ("a", "b"):
        pin(f"learned('{folder}/g.safetensors')")
    for hash in (first, second):
        made[hash] = views(f"learned('g.safetensors', hash='{hash}')|split(1)", images)[0]
    assert not torch.equal(made[first], made[second])


def test_a_family_beside_it_keeps_its_swept_values(put):
    hash = put("a/g.safetensors")
    text = pin("crop(scale=({0.1, 0.3}, 1))|learned('a/g.safetensors')|split(1)")
    assert (
        text == f"crop(scale=({{0.1, 0.3}}, 1))|learned('g.safetensors', hash='{hash}')|split(1)"
    )
    with pytest.raises(InputError, match="one spec for each generator"):
        pin("learned({'a/g.safetensors', 'b.safetensors'})|split(1)")


def test_what_is_kept_beside_a_run_is_found_there_alone(put, monkeypatch, tmp_path):
    hashes = [put("a/g.safetensors", seed=1), put("b/g.safetensors", seed=2)]
    specs = [pin(f"learned('{name}/g.safetensors')|split(1)") for name in "ab"]
    both = specs[0] + " // " + specs[1]
    both = both.replace("|split(1)", "|channels(0)")
    for _ in range(2):  # the second time there is nothing left to do
        kept = keep_beside(both, Path("run"))
    assert [path.name for path in kept] == ["g.safetensors", f"g-{hashes[1]}.safetensors"]
    assert keep_beside("crop()|flip()", Path("none")) == []
    assert not Path("none").exists()
    for name in "ab":
        shutil.rmtree(name)
    shutil.move("run", "moved")
    monkeypatch.setenv(SEARCHED, "")
    with pytest.raises(InputError, match=r"There is no g.safetensors in the working folder"):
        parse_view(both)
    look_in(tmp_path / "moved", of="crop()")
    with pytest.raises(InputError, match="There is no"):
        parse_view(both)
    look_in(tmp_path / "elsewhere", of=both)
    with pytest.raises(InputError, match=r"or in .*elsewhere; put it there"):
        parse_view(both)
    look_in(tmp_path / "moved", of=both)
    assert repr(parse_view(both)) == both


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("learned()", "must be the name of a generator file"),
        ("learned(3)", "must be the name of a generator file"),
        ("learned('h.safetensors')", "There is no h.safetensors"),
        ("learned('g.safetensors', hash='0123456789abcdef')", "but the spec names 0123456789abc"),
        ("learned('g.safetensors', has='1')", "Did you mean 'hash'"),
        ("lerned('g.safetensors')", "Did you mean 'learned'"),
        ("learned('foreign.safetensors')", "damaged or not a safetensors"),
        ("learned('g.safetensors') // grey(", "Cannot parse"),
    ],
)
def test_what_cannot_be_found_or_read_is_told_in_a_sentence(spec, words, put):
    put("g.safetensors")
    Path("foreign.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        parse_view(spec)


@pytest.mark.parametrize("channels", [2, 3, 13])
def test_images_of_other_channels_are_refused(channels, put):
    put("g.safetensors", channels=channels)
    pair = parse_view("learned('g.safetensors')|split(1)")
    pair.check((channels, 8, 8))
    for count in {*range(1, 15)} - {channels}:
        with pytest.raises(InputError, match=f"of {channels} channels, but these have {count}"):
            pair.check((count, 8, 8))


def test_only_forms_may_follow(put):
    put("g.safetensors")
    with pytest.raises(InputError, match=r"needs values in \[0, 1\]"):
        parse_view("learned('g.safetensors')|noise()").check((3, 8, 8))


def test_other_processes_need_no_file(put, rng):
    put("g.safetensors")
    collate = Collate("crop(size=6)|learned('g.safetensors')|split(1)", seed=3)
    items = [(place, torch.rand(3, 8, 8, generator=rng)) for place in range(4)]
    wanted = collate(items)[0]
    Path("g.safetensors").unlink()
    (again,) = pickle.loads(pickle.dumps(collate))(items)
    (loaded,) = next(iter(DataLoader(items, batch_size=4, collate_fn=collate, num_workers=1)))
    for found in (again, loaded):
        assert all(torch.equal(one, two) for one, two in zip(found, wanted, strict=True))


def test_a_command_names_no_home_of_the_generator(tmp_path, monkeypatch):
    from goodviews.core.command import command_line

    monkeypatch.setenv("HOME", "/home/someone")
    for folder, wanted in ((tmp_path / "run", "run"), ("/home/someone/run", "~/run")):
        spec = f"learned('{folder}/g.safetensors')|split(1)"
        said = command_line("study", {"data": "mnist", "views": [spec]})
        assert shlex.split(said)[-1] == f"learned('{wanted}/g.safetensors')|split(1)"
