"""Any encoder is opened by one name or object, and a mistake gets one sentence."""

import numpy as np
import pytest
import torch
from torch import nn

from goodviews.core.errors import InputError
from goodviews.encoders import build_pair, save_encoder
from goodviews.evaluation.encoders import raw_pixels
from goodviews.evaluation.openers import LIBRARIES, open_encoder, register_encoders


def opened(text, **change):
    return open_encoder(text, **{"channels": 3, "size": 32, "count": 4, **change})


def test_arrays_are_looked_up_by_place(tmp_path):
    table = np.arange(8.0).reshape(4, 2)
    np.save(tmp_path / "z.npy", table)
    np.savez(tmp_path / "z.npz", features=table, labels=np.arange(4))
    for name in ("z.npy", "z.npz"):
        encoder = opened(str(tmp_path / name))
        assert encoder.name == "z"
        places = torch.tensor([2, 0])
        assert (encoder.embed(torch.zeros(2, 3, 32, 32), places).numpy() == table[[2, 0]]).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: np.save(p, np.zeros((5, 2))), "5 rows, but the dataset has 4"),
        (lambda p: np.save(p, np.zeros(4)), "numbers \\(N, F\\)"),
        (lambda p: np.save(p, np.full((4, 2), np.nan)), "not finite"),
        (lambda p: p.write_text("no"), "not an array"),
        (lambda p: None, "No such file"),
    ],
)
def test_broken_arrays_get_a_sentence(make, said, tmp_path):
    make(tmp_path / "z.npy")
    with pytest.raises(InputError, match=said):
        opened(str(tmp_path / "z.npy"))


@pytest.mark.parametrize("text", ["timm:resnet10t@random", "torchvision:resnet18@random"])
def test_models_of_both_libraries_represent_and_repeat(text):
    channels = 1
    one, same, other = (opened(text, channels=channels, seed=s) for s in (0, 0, 1))
    x = torch.rand(3, channels, 32, 32, generator=torch.Generator().manual_seed(0))
    found = one.embed(x, torch.arange(3))
    assert found.shape == (3, 512)
    assert torch.equal(found, same.embed(x, torch.arange(3)))
    assert not torch.allclose(found, other.embed(x, torch.arange(3)))
    assert one.trained is False
    one.settle(torch.rand(16, channels, 32, 32))
    with torch.no_grad():
        settled = one.embed(x, torch.arange(3))
    assert settled.isfinite().all()
    assert not torch.equal(settled, found)
    assert torch.equal(settled[:1], one.embed(x[:1], torch.arange(1))) or torch.allclose(
        settled[:1], one.embed(x[:1], torch.arange(1)), atol=1e-4
    )


def test_weights_of_a_file_are_taken_and_others_refused(tmp_path):
    import timm
    from safetensors.torch import save_file

    model = timm.create_model("resnet10t", num_classes=0, in_chans=3)
    torch.save({"state_dict": model.state_dict()}, tmp_path / "w.pth")
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    x = torch.rand(2, 3, 32, 32)
    both = [opened(f"timm:resnet10t@{tmp_path / name}") for name in ("w.pth", "w.safetensors")]
    assert torch.equal(*(one.embed(x, torch.arange(2)) for one in both))
    torch.save({"other": torch.zeros(1)}, tmp_path / "bad.pth")
    with pytest.raises(InputError, match="belongs to another network"):
        opened(f"timm:resnet10t@{tmp_path / 'bad.pth'}")
    with pytest.raises(InputError, match="Cannot read the weights"):
        opened(f"timm:resnet10t@{tmp_path / 'none.pth'}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timm:resnt18", "Near: resnet18"),
        ("torchvision:resnet81@random", "has no model"),
        ("whatever", "Unknown encoder 'whatever'"),
        ("timm:vit_tiny_patch16_224@random", "try --size 224"),
    ],
)
def test_names_nobody_knows_get_a_sentence(text, said):
    with pytest.raises(InputError, match=said):
        opened(text)


def test_a_library_of_the_user_is_opened_by_its_name():
    @register_encoders("mine")
    def mine(name, *, channels, size, seed):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(channels * size**2, int(name)))

    try:
        encoder = opened("mine:5", seed=7)
        assert (encoder.name, encoder.trained) == ("mine:5", None)
        assert encoder.embed(torch.zeros(2, 3, 32, 32), torch.arange(2)).shape == (2, 5)
        assert encoder.module is not None
        with pytest.raises(InputError, match="already taken"):
            register_encoders("timm")(mine)
        with pytest.raises(InputError, match="mine:NAME"):
            opened("mien:5")
    finally:
        del LIBRARIES["mine"]


def test_a_module_a_function_and_an_array_are_encoders():
    flat = opened(nn.Flatten())
    assert flat.name == "Flatten"
    x = torch.rand(2, 3, 32, 32)
    assert torch.equal(flat.embed(x, torch.arange(2)), x.flatten(1))
    assert opened(raw_pixels).module is None
    table = np.arange(8.0).reshape(4, 2)
    for array in (table, torch.from_numpy(table)):
        encoder = opened(array)
        assert not encoder.takes_images
        assert encoder.embed(x, torch.tensor([3, 1])).tolist() == table[[3, 1]].tolist()
    with pytest.raises(InputError, match="Expected the name of an encoder"):
        opened(3)


def test_a_backbone_with_drawn_weights_can_be_settled():
    encoder = opened("convnet(width=4)")
    assert encoder.trained is False
    assert encoder.settle is not None


def test_a_run_is_opened_from_its_folder_or_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    encoders = build_pair(
        "convnet(width=4)", x, x, shared=True, head="projector(dim=64)", seed=0
    ).eval()
    (tmp_path / "convnet-run").mkdir()  # a folder whose name begins like a backbone's
    save_encoder(tmp_path / "convnet-run" / "encoder.safetensors", encoders, about={})
    for text in ("convnet-run", "convnet-run/encoder.safetensors", tmp_path / "convnet-run"):
        found = opened(text, channels=1, size=8)
        assert (found.name, found.trained, found.blank) == (
            "convnet-run",
            True,
            "convnet(width=4)",
        )
        with torch.no_grad():
            assert torch.equal(found.embed(x, torch.arange(4)), encoders.represent(x))
    with pytest.raises(InputError, match="takes images of 1 channel, but"):
        opened("convnet-run", channels=3)


def test_raw_pixels_are_averaged_until_they_are_few():
    x = torch.rand(2, 3, 96, 96)
    assert raw_pixels(x).shape == (2, 3 * 24 * 24)
    assert torch.equal(raw_pixels(x[:, :, :8, :8]), x[:, :, :8, :8].flatten(1))
    assert raw_pixels(x).mean() == pytest.approx(float(x.mean()), abs=1e-5)


def test_own_backbones_take_weights_of_a_file_too(tmp_path):
    import timm

    model = timm.create_model("resnet18", num_classes=0)
    torch.save({"state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}},
               tmp_path / "w (1).pth")  # fmt: skip
    encoder = opened(f"resnet18(stem='imagenet')@{tmp_path / 'w (1).pth'}", channels=4)
    assert encoder.trained
    assert encoder.blank == "resnet18(stem='imagenet')"
    assert encoder.loaded.startswith("Loaded 100 % of the weights of resnet18")
    with pytest.raises(InputError, match=r"conv1.weight \(64, 4, 3, 3\)"):
        opened(f"resnet18@{tmp_path / 'w (1).pth'}", channels=4)


def test_a_spec_with_pretrained_weights_is_not_called_random(monkeypatch):
    import timm

    make = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, pretrained=False, **o: make(name, **o))
    encoder = opened("timm('test_resnet', pretrained=True)")
    assert (encoder.trained, encoder.settle) == (True, None)
    assert encoder.name == encoder.blank == "timm('test_resnet')"
