"""Feature maps of every backbone: right strides, and the coarsest is what is averaged."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.encoders import build_backbone
from goodviews.encoders.maps import Maps

CONVOLUTIONS = {
    "convnet(width=4)": (4, 8, 16),
    "convnet(width=4, stem='patches')": (4, 8, 16),
    "resnet18()": (4, 8),
    "resnet18(stem='imagenet')": (4, 8, 16, 32),
    "torchvision('resnet18')": (4, 8, 16, 32),
    "timm('test_resnet')": (4, 8, 16, 32),
}


@pytest.mark.parametrize("spec", CONVOLUTIONS)
def test_the_coarsest_map_averages_to_the_features_at_any_size(spec):
    backbone = build_backbone(spec, channels=3, size=64).eval()
    maps = Maps(backbone, (3, 64, 96))
    assert maps.strides == CONVOLUTIONS[spec]
    images = torch.rand(2, 3, 128, 64)
    with torch.no_grad():
        found = maps(images)
        features = backbone(images)
    sizes = [tuple(one.shape) for one in found]
    assert sizes == [
        (2, wide, 128 // stride, 64 // stride)
        for wide, stride in zip(maps.channels, maps.strides, strict=True)
    ]
    torch.testing.assert_close(found[-1].mean(dim=(2, 3)), features, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("depth", [18, 50])
def test_the_maps_of_torchvisions_resnet_are_its_four_layers(depth):
    net = build_backbone(f"torchvision('resnet{depth}')", channels=3, size=64).module.eval()
    with torch.no_grad():
        found = Maps(net, (3, 64, 64))(x := torch.rand(1, 3, 64, 64))
        x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
        for k in range(4):
            x = getattr(net, f"layer{k + 1}")(x)
            assert torch.equal(found[k], x)


@pytest.mark.parametrize("name", ["test_convnext", "test_efficientnet", "test_byobnet"])
def test_the_maps_are_those_that_timm_extracts(name):
    timm = pytest.importorskip("timm")
    net = timm.create_model(name).eval()
    maps = Maps(net, (3, 128, 128))
    x = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        found = dict(zip(maps.strides, maps(x), strict=True))
        theirs = {128 // one.shape[-1]: one for one in net.forward_intermediates(x)[1]}
    shared = sorted(found.keys() & theirs.keys())
    assert {4, 8, 16} <= set(shared)
    for stride in shared[:-1]:  # timm leaves out what follows the last stage
        torch.testing.assert_close(found[stride], theirs[stride], rtol=1e-4, atol=1e-4)


def test_a_vision_transformer_has_the_map_of_its_patch_tokens():
    net = build_backbone(
        "timm('test_vit', img_size=64, global_pool='avg')", channels=3, size=64
    ).eval()
    maps = Maps(net, (3, 64, 64))
    assert maps.strides == (16,)
    with torch.no_grad():
        (found,) = maps(x := torch.rand(2, 3, 64, 64))
        tokens = net.module.forward_features(x)[:, -16:]
    assert torch.equal(found.flatten(2).transpose(1, 2), tokens)


def test_windows_of_attention_are_not_taken_for_maps():
    spec = "timm('swin_tiny_patch4_window7_224', img_size=64, embed_dim=12)"
    maps = Maps(build_backbone(spec, channels=3, size=64), (3, 64, 64))
    assert maps.channels == (12, 24, 48, 96)


def test_two_halves_give_concatenated_maps_and_gradient_reaches_both():
    maps = Maps(build_backbone("alexnet(width=0.1)", channels=1, size=64), (1, 64, 64))
    sum(one.sum() for one in maps(torch.rand(2, 1, 64, 64))).backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in maps.parameters())


def test_an_encoder_without_maps_or_for_other_images_is_refused():
    with pytest.raises(InputError, match="no feature map"):
        Maps(build_backbone("mlp()", channels=3, size=32), (3, 32, 32))
    with pytest.raises(InputError, match="cannot take images of 5"):
        Maps(build_backbone("convnet()", channels=3, size=32), (5, 32, 32))
