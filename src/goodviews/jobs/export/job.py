"""The job ``export``: a run in; folders for another library out."""

import json
from pathlib import Path
from typing import Any

from goodviews.core.claim import claimed
from goodviews.core.errors import InputError, unknown
from goodviews.core.files import read_json, write_bytes
from goodviews.encoders import export_encoders, load_encoder
from goodviews.encoders.export import FORMATS
from goodviews.encoders.graphs.pair import check_of_images
from goodviews.spec.files import content_of, stored_files
from goodviews.views.generators import export_generator, holds_generator


def export(run: str | Path, *, to: str, out: str | Path | None = None) -> list[Path]:
    """Write the backbone of a run, or the generator of learned views, for another library.

    Args:
        run: Folder of a pretraining run or of learned views, or the file of its encoder or
            generator.
        to: ``"timm"``, ``"torchvision"``, ``"safetensors"``, ``"onnx"`` or ``"detectron2"``; a
            generator goes to ``"onnx"``.
        out: Where it goes (default: ``export`` and the format below the folder of the run).

    Returns:
        Folders that hold the weights, ``export.json`` (how to load and feed them) and the
        passport: one, or ``first`` and ``second`` where each view has its own encoder.

    Raises:
        InputError: There is nothing to export, or the format cannot take it.

    Example:
        >>> import torch
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews.encoders import build_pair, save_encoder
        >>> pixels = torch.rand(2, 3, 8, 8)
        >>> net = "convnet(width=2)"
        >>> encoders = build_pair(net, pixels, pixels, shared=True, head="8", seed=0)
        >>> with TemporaryDirectory() as folder:
        ...     save_encoder(Path(folder) / "encoder.safetensors", encoders.eval(), about={})
        ...     [made] = export(folder, to="safetensors")
        ...     sorted(path.name for path in made.iterdir())
        ['backbone.safetensors', 'export.json', 'passport.json']
    """
    if to not in FORMATS:
        raise unknown("format", to, FORMATS)
    run, out = Path(run), None if out is None else Path(out)
    generator = run / "g.safetensors"
    if holds_generator(generator) and not (run / "encoder.safetensors").exists():
        run, out = generator, out or run / "export" / to  # the folder of learned views
    home = run if run.is_dir() else run.parent
    target = out or home / "export" / to
    if holds_generator(run):
        with claimed(target, "export", own=is_export):
            return [export_generator(run, to=to, out=target)]
    encoders, passport = load_encoder(run)
    check_of_images(encoders, run)
    views = passport.get("views") or ""
    learned = stored_files(views, home) if views else []
    for file in learned:
        if not holds_generator(file):
            raise InputError(f"{file} is not a generator of views, so it is not exported.")
    if out is not None:
        _check_same(target, passport)
    with claimed(target, "export", own=is_export):
        folders = export_encoders(encoders, to=to, out=target, passport=passport)
        for folder in folders:
            for file in learned:
                write_bytes(folder / file.name, content_of(file))
    return folders


def is_export(folder: Path) -> bool:
    """Whether a folder is that of an export."""
    return any((folder / name / "export.json").is_file() for name in ("", "first", "second"))


def _check_same(folder: Path, passport: dict[str, Any]) -> None:
    """Check that a folder holds no export of another run."""
    for name in ("", "first", "second"):
        path = folder / name / "passport.json"
        if path.is_file() and read_json(path) != json.loads(json.dumps(passport)):
            raise InputError(
                f"{folder} holds the export of another run; choose another folder with --out."
            )
