"""``export`` from Python writes what the command line writes."""

import pytest
import torch
from safetensors.torch import load_file

from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.encoders import build_pair, load_encoder, save_encoder
from goodviews.jobs.export import export
from goodviews.views.generators import build_generator, save_generator


@pytest.fixture
def run(tmp_path):
    """The folder of a run with an encoder for each view."""
    x = torch.rand(2, 3, 8, 8)
    encoders = build_pair(
        "convnet(width=2)", x[:, :1], x[:, 1:], shared=False, head="8", seed=0
    ).eval()
    save_encoder(tmp_path / "run" / "encoder.safetensors", encoders, about={"views": "split(1)"})
    return tmp_path / "run"


def content(folder):
    """Bytes of every file; of weights their tensors, since the order of notes in it is free."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".safetensors":
            found |= {name: value.tolist() for name, value in load_file(path).items()}
        else:
            found[path.name] = path.read_bytes()
    return found


def test_python_and_the_command_line_write_the_same(run, capsys):
    mine = export(run, to="safetensors")
    assert mine == [run / "export" / "safetensors" / name for name in ("first", "second")]
    theirs = run.parent / "theirs"
    assert main(["export", str(run), "--to", "safetensors", "--out", str(theirs)]) == 0
    assert capsys.readouterr().out == f"{theirs}/first\n{theirs}/second\n"
    for folder in mine:
        assert content(folder) == content(theirs / folder.name)


def test_the_folder_and_the_file_of_a_generator_are_the_same_to_it(tmp_path):
    pytest.importorskip("onnx", reason="onnx is an extra")
    save_generator(tmp_path / "run" / "g.safetensors", build_generator("linear()", 3), {})
    [folder] = export(tmp_path / "run", to="onnx")
    [file] = export(tmp_path / "run" / "g.safetensors", to="onnx", out=tmp_path / "file")
    assert folder == tmp_path / "run" / "export" / "onnx"
    assert content(folder) == content(file)


def test_an_unknown_format_and_a_missing_run_are_refused(run):
    with pytest.raises(InputError, match="Did you mean 'timm'"):
        export(run, to="tim")
    with pytest.raises(InputError, match="There is no"):
        export(run / "nowhere", to="timm")


def test_the_export_of_another_run_is_not_overwritten(run, tmp_path):
    out = tmp_path / "out"
    export(run, to="safetensors", out=out)
    export(run, to="safetensors", out=out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    encoders, passport = load_encoder(run)
    save_encoder(
        tmp_path / "other" / "encoder.safetensors", encoders, about=passport | {"seed": 9}
    )
    with pytest.raises(InputError, match=r"another run.*--out"):
        export(tmp_path / "other", to="safetensors", out=out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
