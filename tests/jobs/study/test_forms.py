"""Studies of views that differ in kind: two encoders, each read out on its own part."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from goodviews.encoders import build_pair
from goodviews.jobs.study import readings
from goodviews.views import parse_view

CLASSES = SimpleNamespace(target=None)
"""A task of classes, as far as a reading asks."""


@pytest.mark.parametrize(
    ("spec", "shared"),
    [("crop()|split(1)", False), ("colour('ydbdr')|split(2)", False), ("noise()", True)],
)
def test_an_encoder_is_read_out_on_the_form_of_its_view(spec, shared, monkeypatch):
    pixels = torch.rand(12, 3, 8, 8)
    pair = parse_view(spec)
    v1, v2 = pair(pixels, seed=0, samples=torch.arange(12), epoch=0)
    encoders = build_pair(
        "convnet(width=4)", v1, v2, shared=pair.alike, head="projector(dim=8)", seed=0
    ).eval()
    assert encoders.shared == shared
    seen = []
    monkeypatch.setattr(readings, "read_features", lambda *given, **_: seen.append(given[-1]))
    monkeypatch.setattr(readings, "used_items", lambda task: (np.arange(12), []))
    images = SimpleNamespace(batch=lambda rows, device=None: pixels[rows])
    readings.of_encoder(SimpleNamespace(task_images=images, screened=()), encoders, pair)(CLASSES)
    with torch.no_grad():
        parts = [net(pair.plain(i, pixels)) for i, net in enumerate(encoders.backbones)]
    assert len(parts) == 2 - shared
    assert np.allclose(seen[0], torch.cat(parts, dim=1).numpy(), atol=1e-6)


def test_random_weights_are_read_with_statistics_of_the_images(monkeypatch):
    pixels = torch.rand(40, 3, 8, 8)
    seen = []
    monkeypatch.setattr(readings, "read_features", lambda *given, **_: seen.append(given[-1]))
    monkeypatch.setattr(readings, "used_items", lambda task: (np.arange(40), []))

    class Few:
        def __len__(self):
            return 40

        def batch(self, rows, device=None):
            return pixels[rows]

    settings = SimpleNamespace(encoder="convnet(width=4)", head="projector(dim=8)")
    plan = SimpleNamespace(task_images=Few(), settings=settings, screened=())
    readings.baseline(plan, SimpleNamespace(view="random weights"), 3)(CLASSES)
    encoders = build_pair(
        settings.encoder, pixels, pixels, shared=True, head=settings.head, seed=3
    )
    with torch.no_grad():
        plain = encoders.eval().represent(pixels).numpy()
        first_step = encoders.train().represent(pixels).numpy()
    assert np.allclose(seen[0], first_step, rtol=0.02, atol=0.02)
    assert not np.allclose(seen[0], plain, rtol=0.02, atol=0.02)
