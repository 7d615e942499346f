"""Backbones of the libraries, AlexNet, halves, anyone's module, frames."""

import pytest
import torch
from torch import nn

from goodviews.core.errors import InputError
from goodviews.encoders import (
    Halves,
    SequenceEncoder,
    as_backbone,
    build_backbone,
    build_pair,
)


def images(count=2, channels=3, size=32):
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("channels", [1, 3, 13])
@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("resnet(width=0.25)", 128),
        ("resnet18(width=0.125, stem='imagenet')", 64),
        ("resnet50(width=0.125)", 256),
        ("resnet(depth=34, width=0.125)", 64),
        ("alexnet(width=0.125)", 512),
        ("timm('test_resnet')", 96),
        ("timm('test_vit', img_size=32)", 64),
        ("timm('test_convnext')", 64),
        ("torchvision('mobilenet_v3_small')", 1024),
        ("torchvision('shufflenet_v2_x0_5')", 1024),
    ],
)
def test_any_number_of_channels_gives_the_features_it_says(text, features, channels):
    net = build_backbone(text, channels=channels, size=32).eval()
    h = net(images(channels=channels))
    assert h.shape == (2, net.features)
    assert net.features == features
    assert h.isfinite().all()


@pytest.mark.parametrize(("stem", "side"), [("small", 32), ("imagenet", 8)])
def test_the_stem_keeps_or_quarters_the_image(stem, side):
    net = build_backbone(f"resnet(width=0.125, stem='{stem}')", channels=3, size=32).module
    x = net.maxpool(net.act1(net.bn1(net.conv1(images()))))
    assert x.shape == (2, 64, side, side)


@pytest.mark.parametrize(("depth", "millions"), [(18, 11.18), (50, 23.51)])
def test_the_imagenet_stem_has_the_parameters_of_the_paper(depth, millions):
    net = build_backbone(f"resnet(depth={depth}, stem='imagenet')", channels=3, size=224)
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)


def test_its_weights_are_torchvisions_weights():
    import torchvision

    ours = build_backbone("resnet18(stem='imagenet')", channels=3, size=64).eval()
    theirs = torchvision.models.resnet18(weights=None)
    theirs.fc = nn.Identity()
    theirs.load_state_dict(ours.module.state_dict())
    torch.testing.assert_close(ours(images(size=64)), theirs.eval()(images(size=64)))


def test_two_halves_of_a_resnet50_have_about_the_papers_twelve_million():
    net = build_backbone("halves(groups=(1, 2))", channels=3, size=32)
    assert net.features == 2 * 1024
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(12, abs=0.5)


def test_a_half_sees_its_own_channels_only():
    net = build_backbone(
        "halves(backbone='convnet(width=4)', groups=(1, 2))", channels=3, size=16
    ).eval()
    x = images(size=16)
    other = x.clone()
    other[:, 1:] = 0
    assert torch.equal(net.each(x)[0], net.each(other)[0])
    assert not torch.equal(net.each(x)[1], net.each(other)[1])
    assert torch.equal(net(x), torch.cat(net.each(x), dim=1))


def test_alexnet_probes_two_layers_and_its_half_has_the_papers_widths():
    net = build_backbone("alexnet()", channels=3, size=64).eval()
    wide = [c.out_channels for c in net.convolutions if isinstance(c, nn.Conv2d)]
    assert wide == [48, 128, 192, 192, 128]
    x = images(size=64)
    found = net.layers(x)
    assert found["conv5"].shape == (2, 128 * 36)
    assert torch.equal(found["fc7"], net(x))


@pytest.mark.parametrize("text", ["resnet(width=0.125)", "alexnet(width=0.125)"])
def test_channels_last_gives_the_same(text):
    net = build_backbone(text, channels=3, size=32).eval()
    plain = net(images())
    last = net.to(memory_format=torch.channels_last)
    fast = last(images().to(memory_format=torch.channels_last))
    torch.testing.assert_close(fast, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("text", ["resnet(width=0.125)", "timm('test_vit', img_size=32)"])
def test_one_seed_gives_one_initialisation(text):
    x = images(8)
    one, two, three = (
        build_pair(text, x, x, shared=True, head="projector(dim=4)", seed=seed)
        for seed in (0, 0, 1)
    )
    assert all(map(torch.equal, one.parameters(), two.parameters()))
    assert not all(map(torch.equal, one.parameters(), three.parameters()))


def test_anyones_module_becomes_a_backbone_and_stays_as_it_was():
    net = nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6), nn.Dropout(0.5))
    net[1].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    backbone = as_backbone(net, channels=4, size=9)
    assert backbone.features == 6
    assert [part.training for part in net] == [True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    x = images(3, 4, 9)
    torch.testing.assert_close(backbone.eval()(x), net(x).mean(dim=(2, 3)))


def test_a_sequence_encoder_reads_the_order_of_the_frames(rng):
    encoder = SequenceEncoder(build_backbone("convnet(width=4)", channels=1, size=8)).eval()
    clips = torch.rand(3, 5, 1, 8, 8, generator=rng)
    h = encoder(clips)
    assert h.shape == (3, encoder.features) == (3, 64)
    assert not torch.allclose(h, encoder(clips.flip(1)))
    torch.testing.assert_close(encoder(clips[1:2]), h[1:2])
    with pytest.raises(InputError, match=r"\(B, T, C, H, W\)"):
        encoder(clips[:, 0])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("resnet(depth=20)", "18, 34, 50"),
        ("resnet(stem='smal')", "Did you mean 'small'"),
        ("resnet(width=0)", "width=0"),
        ("resnet(wdith=1)", "wdith"),
        ("alexnet(width='a')", "width='a'"),
        ("timm('resnet51')", "Did you mean 'resnet5"),
        ("timm('vit_tiny_patch16_224')", "cannot take images of 3 x 32 x 32"),
        ("timm()", "names no model"),
        ("timm(3)", "names no model"),
        ("torchvision('resnet19')", "Did you mean 'resnet1"),
        ("torchvision('squeezenet1_0')", "no linear layer"),
        ("halves(groups=(1, 1))", "have 3 channels"),
        ("halves(groups=3)", "groups=3"),
        ("resnt18()", "Did you mean 'resnet18'"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(text, word):
    with pytest.raises(InputError, match=word) as error:
        build_backbone(text, channels=3, size=32)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("module", "word"),
    [
        (nn.Conv2d(1, 2, 3), "cannot take images of 4 x 8 x 8"),
        (nn.Flatten(2), "features .2, F. or maps"),
        (nn.LSTM(8, 2), "cannot take|tuple"),
    ],
)
def test_a_module_without_features_is_refused(module, word):
    with pytest.raises(InputError, match=word):
        as_backbone(module, channels=4, size=8)


def test_halves_want_one_backbone_per_group():
    with pytest.raises(InputError, match="one backbone for each group"):
        Halves([build_backbone("convnet()", channels=1, size=8)], (1, 2))
    net = Halves([build_backbone("convnet()", channels=1, size=8)], (1,))
    with pytest.raises(InputError, match="3 channels"):
        net(images(size=8))
