"""Views learned from Python are those of the command line."""

import json

import numpy as np
import pytest
import torch

from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.jobs.learn_views import LearnedViews, learn_views
from goodviews.views.generators import load_generator


@pytest.fixture(autouse=True)
def _few(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GOODVIEWS_GENERATORS", "")
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (120, 8, 8, 3), dtype=np.uint8)
    np.savez("few.npz", images=images, labels=np.arange(120) % 2)


def test_python_and_the_command_line_learn_the_same_views(tmp_path, capsys):
    steps = []
    learned = learn_views(
        "few.npz",
        generator="linear()",
        steps=4,
        judge_steps=2,
        changes={"encoder": "convnet(width=4)", "head": "projector(dim=8)"},
        progress=lambda *one: steps.append(one),
    )
    assert isinstance(learned, LearnedViews)
    words = ["--generator", "linear()", "--steps", "4", "--judge-steps", "2", "--out", "cli", "-q"]
    words += ["--set", "encoder=convnet(width=4)", "--set", "head=projector(dim=8)"]
    assert main(["learn-views", "few.npz", *words]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [learned.headline, learned.spec, "cli/index.html"]
    ours = tmp_path / "learn-views-few"
    assert learned.folder.name == ours.name
    for name in ("g.safetensors", "views.txt", "log.csv", "looks.csv", "comparison.csv"):
        assert (ours / name).read_bytes() == (tmp_path / "cli" / name).read_bytes()
    saved = load_generator(ours / "g.safetensors")[0].state_dict()
    assert all(torch.equal(v, saved[k]) for k, v in learned.generator.state_dict().items())
    assert learned.found == json.loads((ours / "learned.json").read_text())
    assert learned.page.exists()
    units = {unit for unit, _, _ in steps}
    assert units == {"steps trained", "generators judged", "views compared"}
    assert learned.command.startswith("goodviews study few.npz --views @learn-views-few/views.txt")


def test_views_before_the_generator_may_be_in_a_file_with_a_remark(tmp_path):
    (tmp_path / "best_view.txt").write_text("# not recommended: Undecided.\ncrap()\n")
    with pytest.raises(InputError, match=r"best_view\.txt, line 2: .*crop"):
        learn_views("few.npz", views=tmp_path / "best_view.txt")
