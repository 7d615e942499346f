"""A tiny run of every job that writes a folder, for tests of what folders promise."""

import contextlib
import io
from pathlib import Path

import numpy as np

from goodviews.cli.main import main

DATA = "photos.npz"
PHOTOS = ["--backbone", "convnet(width=2)", "--set", "head=projector(dim=4)"]
SMALL = ["--set", "encoder=convnet(width=2)", "--set", "head=projector(dim=4)"]
LEARN = ["--mode", "unsupervised", "--no-compare", "--generator", "orthogonal()"]
STUDY = ["--encoder", "convnet(width=2)", "--views", "noise(std=0.1)", "--seeds", "1"]

COMMANDS = {
    "study": ["study", DATA, *STUDY, "--epochs", "1", "--out", "study"],
    "pretrain": ["pretrain", DATA, *PHOTOS, "--views", "noise(std=0.1)", "--epochs", "1",
                 "--out", "pretrain"],
    "evaluate": ["evaluate", "pretrain", DATA, "--protocol", "knn", "--seeds", "0",
                 "--out", "evaluate"],
    "learn-views": ["learn-views", DATA, *LEARN, *SMALL, "--steps", "2", "--judge-steps", "1",
                    "--out", "learn-views"],
    "export": ["export", "pretrain", "--to", "safetensors", "--out", "export"],
    "reproduce": ["reproduce", "proposition", "--scale", "test", "--out", "reproduce"],
    "report": ["report", "study", "--out", "report"],
}  # fmt: skip
"""The command of each job, from a folder with :func:`write_data`; later ones read earlier ones."""


def write_data(place: Path) -> None:
    """Write the images of all jobs."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (96, 8, 8, 3), np.uint8)
    np.savez(place / DATA, images=pixels, labels=np.arange(96) % 2)


def call(words: list[str]) -> tuple[int, str, str]:
    """Exit code, output and messages of a command, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return code, out.getvalue(), err.getvalue()
