"""The file holds what the encoder computes, in the order of the images, with names and labels."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from goodviews import embed, evaluate, report
from goodviews.core.errors import InputError
from goodviews.jobs.embed.patches import patch_maps


def photos(folder):
    rng = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (folder / kind).mkdir(parents=True)
        for number in range(40):
            pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(folder / kind / f"{number:02}.png")
    return folder


def test_names_rows_and_labels_belong_together(tmp_path):
    net = nn.Sequential(nn.Conv2d(3, 5, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    data = photos(tmp_path / "photos")
    made = embed(net, data, out=tmp_path / "z.npz", patches=True)
    with np.load(tmp_path / "z.npz") as file:
        names, z, maps = file["names"], file["representations"], file["patches"]
        labels = file["classes_label"][file["label_label"]]
    assert [name.split("/")[0] for name in names] == labels.tolist()
    at = names.tolist().index("dog/07.png")
    pixels = np.asarray(Image.open(data / "dog" / "07.png")).transpose(2, 0, 1) / 255
    alone = net(torch.from_numpy(pixels).float()[None])[0].detach().numpy()
    assert np.allclose(z[at], alone, atol=1e-5)
    assert maps.shape == (80, 5, 3, 3)
    assert np.allclose(maps.mean(axis=(2, 3)), z, atol=1e-3)
    assert np.array_equal(made.representations, z)


def test_the_file_is_read_by_report_and_by_evaluate(tmp_path):
    embed("pixels", "digits", out=tmp_path / "z.npz")
    assert report(embedding=tmp_path / "z.npz").name == "z.html"
    options = {"protocols": ["knn"], "seeds": 0}
    read = evaluate(tmp_path / "z.npz", "digits", out=tmp_path / "read", **options)
    own = evaluate("pixels", "digits", out=tmp_path / "own", **options)
    assert read.scores[0].top1 == own.scores[0].top1


def test_tokens_of_the_whole_image_are_left_out():
    class Tokens(nn.Module):
        def forward(self, pixels):
            places = pixels.flatten(2).transpose(1, 2)
            return torch.cat([places.mean(1, keepdim=True), places], dim=1)

    class Pooled(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens = Tokens()

        def forward(self, pixels):
            return self.tokens(pixels)[:, 0]

    x = torch.rand(2, 3, 4, 4)
    assert torch.equal(patch_maps(Pooled(), x), x)


def test_an_encoder_without_places_is_refused(tmp_path):
    with pytest.raises(InputError, match="no patch maps"):
        embed("pixels", "digits", out=tmp_path, patches=True)


def test_a_dataset_is_not_written_over(tmp_path):
    data = tmp_path / "data.npz"
    np.savez(data, images=np.zeros((64, 8, 8), np.uint8))
    with pytest.raises(InputError, match="choose another file"):
        embed("pixels", data, out=data)
    first = embed("pixels", data, out=tmp_path / "z.npz").file.read_bytes()
    assert embed("pixels", data, out=tmp_path / "z.npz").file.read_bytes() == first
