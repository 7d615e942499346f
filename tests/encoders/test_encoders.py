"""Encoders: shapes, one initialisation per seed, one encoder or two."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.encoders import ConvNet, Normalise, PairEncoder, build_backbone, build_pair


def images(count=6, channels=3, size=16, seed=0):
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(seed))


def equal(one, two):
    state = two.state_dict()
    return all(torch.equal(value, state[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize("channels", [1, 3, 13])
@pytest.mark.parametrize("size", [1, 5, 8, 16, 33])
def test_convnet_takes_any_size_and_channels(channels, size):
    net = ConvNet(channels=channels, size=size, width=4).eval()
    h = net(images(2, channels, size))
    assert h.shape == (2, net.features)
    assert net.features <= 8 * 4


@pytest.mark.parametrize(("size", "layers"), [(7, 1), (8, 2), (16, 3), (32, 4), (64, 5)])
def test_convnet_halves_until_four_to_seven_pixels_are_left(size, layers):
    net = ConvNet(channels=1, size=size, width=2).eval()
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in net.layers) == layers
    if size >= 8:
        assert 4 <= net.layers(images(1, 1, size)).shape[-1] <= 7


@pytest.mark.parametrize("size", [16, 17, 28, 32, 33, 64])
def test_a_stem_of_patches_has_one_layer_less_and_ends_at_the_same_size(size):
    pixels, patches = (
        ConvNet(channels=3, size=size, width=4, stem=stem).eval() for stem in ("pixels", "patches")
    )
    x = images(2, 3, size)
    assert patches.layers(x).shape == pixels.layers(x).shape
    layers = [
        sum(isinstance(layer, torch.nn.Conv2d) for layer in net.layers)
        for net in (pixels, patches)
    ]
    assert layers[1] == layers[0] - 1
    seen = patches.layers[0](x)  # a patch of 4 x 4 pixels, 2 apart, at each place
    patch = torch.nn.functional.pad(x, (1, 1, 1, 1))[:, :, 2:6, 4:8]
    wanted = torch.einsum("ochw,bchw->bo", patches.layers[0].weight, patch)
    assert torch.allclose(seen[:, :, 1, 2], wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("given", "word"), [({"size": 8}, "16 pixels"), ({"stem": "x"}, "pixels")]
)
def test_a_stem_that_does_not_fit_is_refused(given, word):
    with pytest.raises(InputError, match=word):
        ConvNet(**{"channels": 1, "size": 32, "stem": "patches", **given})


def test_normalise_gives_each_channel_mean_zero_and_spread_one():
    x = images(50) * torch.tensor([1.0, 0.2, 0.5])[:, None, None]
    normalise = Normalise(3)
    assert torch.equal(normalise(x), x)
    normalise.learn(x)
    out = normalise(x)
    assert torch.allclose(out.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(out.std(dim=(0, 2, 3)), torch.ones(3), atol=1e-5)
    flat = Normalise(1)
    flat.learn(torch.ones(2, 1, 4, 4))
    assert flat(torch.ones(2, 1, 4, 4)).isfinite().all()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("convnett()", "Did you mean 'convnet'"),
        ("convnet(widht=4)", "Did you mean 'width'"),
        ("convnet(16)", "named arguments"),
        ("convnet()|convnet()", "not one name"),
        ("convnet(depth=3)", "depth"),
        ("convnet(width='a')", "width"),
        ("convnet(width=0)", "width"),
        ("convnet(width=-4)", "width"),
        ("convnet(width=2.5)", "width"),
        ("__import__('os')", "__import__"),
    ],
)
def test_an_impossible_encoder_is_refused_in_a_sentence(text, word):
    with pytest.raises(InputError, match=word) as error:
        build_backbone(text, channels=1, size=16)
    assert "\n" not in str(error.value)


def test_one_seed_gives_one_initialisation_whatever_the_views_and_the_global_seed():
    def build(seed, views):
        return build_pair(
            "convnet(width=4)", *views, shared=True, head="projector(dim=8)", seed=seed
        )

    plain, other = (images(), images()), (images(seed=1) * 0.5, images(seed=2))
    torch.manual_seed(1)
    one = build(0, plain)
    torch.manual_seed(2)
    two = build(0, other)
    assert all(map(torch.equal, one.parameters(), two.parameters()))
    assert not equal(one, two)  # the statistics of the views differ
    third = build(1, plain)
    assert not torch.equal(next(one.parameters()), next(third.parameters()))


def test_building_leaves_the_global_generator_alone():
    state = torch.random.get_rng_state()
    build_pair(
        "convnet(width=4)", images(), images(), shared=False, head="projector(dim=8)", seed=3
    )
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("shared", "channels", "count"), [(True, (3, 3), 1), (False, (3, 3), 2), (True, (3, 1), 2)]
)
def test_two_encoders_when_the_views_differ(shared, channels, count):
    v1, v2 = images(channels=channels[0]), images(channels=channels[1])
    pair = build_pair(
        "convnet(width=4)", v1, v2, shared=shared, head="projector(dim=8)", seed=0
    ).eval()
    assert len(pair.backbones) == len(pair.projectors) == count
    assert pair.shared == (count == 1)
    z1, z2 = pair(v1, v2)
    assert z1.shape == z2.shape == (6, 8)
    assert torch.allclose(z1, pair.embed(0, v1), atol=1e-5)
    assert torch.allclose(z2, pair.embed(1, v2), atol=1e-5)
    if count == 2:
        first, second = (b[1].layers[0].weight for b in pair.backbones)
        assert first.shape != second.shape or not torch.equal(first, second)


def test_a_shared_encoder_takes_two_sizes():
    pair = build_pair(
        "convnet(width=4)", images(), images(), shared=True, head="projector(dim=8)", seed=0
    )
    z1, z2 = pair.eval()(images(size=16), images(size=12))
    assert z1.shape == z2.shape


def test_each_view_is_normalised_with_its_own_statistics():
    dark, light = images() * 0.1, 0.9 + images() * 0.1
    pair = build_pair(
        "convnet(width=4)", dark, light, shared=False, head="projector(dim=8)", seed=0
    )
    assert pair.backbones[0][0].mean.mean() < 0.1
    assert pair.backbones[1][0].mean.mean() > 0.9


def test_the_representation_is_both_sides_or_a_named_one():
    x = images()
    pair = build_pair(
        "convnet(width=4)", x, x, shared=False, head="projector(dim=8)", seed=0
    ).eval()
    first, second = (pair.represent(x, side=side) for side in ("first", "second"))
    assert torch.equal(first, pair.backbones[0](x))
    assert torch.equal(second, pair.backbones[1](x))
    assert torch.equal(pair.represent(x), torch.cat([first, second], dim=1))
    alike = build_pair(
        "convnet(width=4)", x, x, shared=True, head="projector(dim=8)", seed=0
    ).eval()
    for side in ("both", "first", "second"):
        assert torch.equal(alike.represent(x, side=side), alike.backbones[0](x))
    with pytest.raises(InputError, match="Did you mean 'first'"):
        pair.represent(x, side="firts")


def test_each_encoder_represents_what_it_is_given():
    v1, v2 = images()[:, :1], images().repeat(1, 2, 1, 1)[:, :2]
    pair = build_pair(
        "convnet(width=4)", v1, v2, shared=True, head="projector(dim=8)", seed=0
    ).eval()
    both = pair.represent(v1, v2)
    assert torch.equal(both, torch.cat([pair.backbones[0](v1), pair.backbones[1](v2)], dim=1))
    assert torch.equal(pair.represent(v1, v2, side="second"), pair.backbones[1](v2))


def test_stacks_of_images_are_refused_in_a_sentence():
    with pytest.raises(InputError, match="jigsaw"):
        build_pair(
            "convnet(width=4)",
            images(),
            images()[:, None],
            shared=True,
            head="projector(dim=8)",
            seed=0,
        )


def test_any_modules_make_a_pair():
    pair = PairEncoder([torch.nn.Flatten()], [torch.nn.Identity()])
    z1, z2 = pair(images(), images(seed=1))
    assert torch.equal(z1, images().flatten(1))
    assert torch.equal(z2, images(seed=1).flatten(1))
