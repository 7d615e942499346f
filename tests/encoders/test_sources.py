"""A stored encoder needs nothing but its file, and what a stranger stored in it is data."""

import json
from unittest import mock

import pytest
import safetensors.torch
import timm
import torch

from goodviews.core.errors import InputError
from goodviews.encoders import build_empty, load_encoder, save_encoder
from goodviews.encoders.sources import fetches, without_sources
from goodviews.jobs.export import export
from goodviews.views.generators import build_generator, save_generator

REAL = timm.create_model


def stranger(folder, *, encoder="timm('test_resnet')", about=None, **change):
    """An encoder whose metadata were edited."""
    made_of = {"encoder": encoder, "head": "linear(dim=4)", "channels": [3], "sizes": [32]}
    made = build_empty(**{**made_of, "encoder": "timm('test_resnet')"})
    folder.mkdir(exist_ok=True)
    save_encoder(folder / "encoder.safetensors", made, about={})
    known = {"format": 1, "made_of": {**made_of, **change}, "about": about or {}}
    state = {name: value.contiguous() for name, value in made.state_dict().items()}
    metadata = {"goodviews": json.dumps(known)}
    safetensors.torch.save_file(state, folder / "encoder.safetensors", metadata=metadata)
    return folder


@pytest.mark.parametrize(
    "encoder",
    [
        "timm('test_resnet', pretrained=True)",
        "timm('test_resnet', checkpoint_path='{evil}')",
        "timm('test_resnet', pretrained_cfg='{evil}')",
        "timm('test_resnet', pretrained=True, cache_dir='{evil}')",
        "timm('hf-hub:someone/evil')",
        "timm('local-dir:/tmp/evil')",
        "torchvision('resnet18', weights='DEFAULT')",
        "timm('test_resnet', anything='https://example.org/w.pth')",
        "timm('test_resnet', anything=('a', '../../secret'))",
        "halves(backbone=\"timm('test_resnet', checkpoint_path='{evil}')\", groups=(1, 2))",
    ],
)
def test_a_file_cannot_name_weights_files_or_addresses(encoder, tmp_path):
    class Attack:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    torch.save(Attack(), tmp_path / "evil.pth")
    folder = stranger(tmp_path / "run", encoder=encoder.format(evil=tmp_path / "evil.pth"))
    with (
        mock.patch.object(timm, "create_model", side_effect=AssertionError),
        pytest.raises(InputError, match="was not opened: the spec of its encoder names"),
    ):
        load_encoder(folder)
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize(
    "views",
    [
        "learned('{secret}')",
        "learned('{secret}', hash='0123456789abcdef')",
        "crop()|learned('../secret.txt', hash='0123456789abcdef') // crop()",
        "learned('secret.txt')",
        "learned(file='..', hash='0123456789abcdef')",
    ],
)
def test_a_strangers_passport_cannot_name_a_path(views, tmp_path):
    (tmp_path / "secret.txt").write_text("password")
    views = views.format(secret=tmp_path / "secret.txt")
    folder = stranger(tmp_path / "run", about={"views": views})
    with pytest.raises(InputError, match="a stored view names a generator by its name and hash"):
        export(folder, to="safetensors")
    assert not (folder / "export").exists()


def test_only_generators_in_the_folder_itself_are_exported(tmp_path, monkeypatch):
    home = tmp_path / "elsewhere"
    home.mkdir()
    mark = save_generator(home / "g.safetensors", build_generator("linear()", 3), {})
    folder = stranger(
        tmp_path / "run", about={"views": f"learned('g.safetensors', hash='{mark}')"}
    )
    monkeypatch.chdir(home)  # neither the working folder nor a link is searched
    for link in (False, True):
        if link:
            (folder / "g.safetensors").symlink_to(home / "g.safetensors")
        with pytest.raises(InputError, match="put the original file there"):
            export(folder, to="safetensors")
    (folder / "g.safetensors").unlink()
    (folder / "g.safetensors").write_bytes((home / "g.safetensors").read_bytes())
    [out] = export(folder, to="safetensors")
    assert (out / "g.safetensors").read_bytes() == (home / "g.safetensors").read_bytes()


def test_a_text_in_the_place_of_a_generator_is_not_exported(tmp_path):
    from goodviews.spec.files import hash_of

    mark = hash_of(b"password")
    folder = stranger(tmp_path / "run", about={"views": f"learned('key', hash='{mark}')"})
    (folder / "key").write_bytes(b"password")
    with pytest.raises(InputError, match="is not a generator of views"):
        export(folder, to="safetensors")


@pytest.mark.parametrize(
    "change",
    [
        {"encoder": 3}, {"head": None}, {"channels": "3"}, {"channels": [3, 3]}, {"sizes": [-1]},
        {"sizes": [10**9]}, {"channels": [4]}, {"about": {"views": 5}}, {"extra": 1},
        {"encoder": "timm('resnet18')"}, {"encoder": "nonsense("}, {"head": "linear(dim=9)"},
    ],
)  # fmt: skip
def test_edited_metadata_get_a_sentence(change, tmp_path):
    with pytest.raises(InputError):
        load_encoder(stranger(tmp_path / "run", **change))


def test_a_stored_encoder_is_opened_without_its_original_weights(tmp_path):
    asked = []

    def fake(name, pretrained=False, checkpoint_path="", **options):
        asked.append(pretrained or bool(checkpoint_path))
        return REAL(name, **options)

    with mock.patch.object(timm, "create_model", fake):
        for given in ("pretrained=True", "checkpoint_path='w.pth'"):
            made = build_empty(
                encoder=f"timm('test_resnet', {given}, drop_rate=0.1)", head="linear(dim=4)",
                channels=[3], sizes=[32],
            )  # fmt: skip
            assert asked.pop()
            save_encoder(tmp_path / "encoder.safetensors", made, about={})
            found, _ = load_encoder(tmp_path)
            assert not asked.pop()
            assert found.made_of["encoder"] == "timm('test_resnet', drop_rate=0.1)"
            assert found.backbones[0][1].module.drop_rate == 0.1


def test_sources_are_found_in_nested_specs_too():
    inner = "timm('resnet18', pretrained=True)"
    spec = f"halves(backbone={inner!r}, groups=(1, 2))"
    assert fetches(spec)
    assert without_sources(spec) == "halves(backbone=\"timm('resnet18')\", groups=(1, 2))"
    assert without_sources("convnet( width=8 )") == "convnet( width=8 )"
    window = "timm('swinv2_tiny_window8_256', pretrained_window_sizes=(0, 0, 0, 0))"
    assert not fetches(window)  # an argument of the network, not of its weights
