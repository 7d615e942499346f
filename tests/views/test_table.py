"""Laws that every view keeps, in one table: a new view is one more line here."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.spec.catalogue import VIEWS
from goodviews.views import parse_view

ANY = range(1, 14)
"""Channel counts of a view that takes any."""

TABLE = {
    # spec: (channels, the same view with nothing left to do or None, keeps a constant image)
    "identity()": (ANY, "identity()", True),
    "crop(scale=(0.1, 1))": (ANY, "crop(scale=(1, 1), ratio=(1, 1))", True),
    "crop(size=7)": (ANY, None, True),
    "crop(interpolation='bicubic')": (ANY, "crop(scale=(1, 1), ratio=None)", True),
    "flip()": (ANY, "flip(p=0)", True),
    "vflip()": (ANY, "vflip(p=0)", True),
    "shear()": (ANY, "shear(degrees=0)", False),
    "affine()": (ANY, "affine(degrees=0, translate=0, scale=(1, 1), shear=0)", False),
    "rotate(degrees=40)": (ANY, "rotate(degrees=0)", False),
    "translate(share=0.3)": (ANY, "translate(share=0)", True),
    "noise(std=0.2)": (ANY, "noise(std=0)", False),
    "grey(p=0.5)": (ANY, "grey(p=0)", True),
    "jitter(1.5)": ((1, 3), "jitter(0)", True),
    "colourjitter(0.4, 0.4, 0.2, 0.1)": ((1, 3), "colourjitter(0, 0, 0, 0)", True),
    "replace(p=0.5)": (ANY, "replace(p=0)", False),
    "blur(sigma=(0.1, 1.5))": (ANY, "blur(p=0)", True),
    "blur(kernel='23taps')": (ANY, "blur(p=0, kernel='23taps')", True),
    "blur(kernel='pil')": (ANY, "blur(p=0, kernel='pil')", True),
    "brightness()": (ANY, "brightness(amount=0)", False),
    "contrast()": (ANY, "contrast(amount=0)", True),
    "saturation()": ((1, 3), "saturation(amount=0)", True),
    "hue()": ((1, 3), "hue(amount=0)", True),
    "sharpness()": (ANY, "sharpness(amount=0)", True),
    "invert()": (ANY, "invert(p=0)", False),
    "solarise(p=0.5)": (ANY, "solarise(threshold=256, p=1)", False),
    "posterise(bits=3)": (ANY, "posterise(bits=8)", False),
    "autocontrast()": (ANY, "autocontrast(p=0)", True),
    "equalise()": (ANY, "equalise(p=0)", True),
    "cutout()": (ANY, "cutout(size=0)", False),
    "blockmask(share=0.3, grid=5)": (ANY, "blockmask(share=0, grid=5)", False),
    "randaugment()": ((1, 3), "randaugment(p=0)", False),
    "randaugment(n=3, m=5, std=2, p=1, ops='E')": ((1, 3), None, False),
    "crop()|flip()|jitter(0.5)|grey()|blur()": ((1, 3), None, True),
}
MIXING = (
    "grey",
    "jitter",
    "colourjitter",
    "noise",
    "replace",
    "contrast",
    "saturation",
    "hue",
    "randaugment",
)
"""Steps that mix or choose channels, or draw one number per value."""
FORMS = ("channels", "colour", "view", "frequency", "patches", "temporal")
"""Files whose views are not in the table."""
CASES = [
    (spec, channels)
    for spec, row in TABLE.items()
    for channels in (1, 3, 13)
    if channels in row[0]
]


def square(channels, *, count=6, size=17, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, size, size, generator=generator, dtype=dtype)


def draw(chain, images, *, samples=None, seed=0, epoch=1):
    samples = torch.arange(len(images)) if samples is None else samples
    key = Key.of(seed=seed, samples=samples, epoch=epoch)
    return chain.sample(tuple(images.shape[-3:]), key)


def test_every_view_there_is_stands_in_the_table():
    # What changes the kind of image, or cuts it up, has laws of its own, in test_forms.py.
    others = {
        name
        for name, listing in VIEWS.items()
        if listing.takes == "graphs" or listing.home.partition(":")[0].rpartition(".")[2] in FORMS
    }
    assert {spec.partition("(")[0] for spec in TABLE} == set(VIEWS) - others


@pytest.mark.parametrize(("spec", "channels"), CASES)
def test_same_key_same_view_whatever_the_batch(spec, channels):
    chain = parse_view(spec).first
    images = square(channels)
    whole = chain.apply(images, draw(chain, images))
    order = torch.tensor([4, 0, 3])
    some = chain.apply(images[order], draw(chain, images[order], samples=order))
    assert torch.allclose(some, whole[order], atol=1e-12)
    for i in range(len(images)):
        one = chain.apply(images[i : i + 1], draw(chain, images[:1], samples=torch.tensor([i])))
        assert torch.allclose(one[0], whole[i], atol=1e-12)


@pytest.mark.parametrize(("spec", "channels"), CASES)
def test_params_replay_the_view_and_leave_the_images_alone(spec, channels):
    chain = parse_view(spec).first
    images = square(channels)
    before = images.clone()
    params = draw(chain, images)
    kept = {name: value.clone() for name, value in params.items()}
    assert all(len(value) == len(images) for value in params.values())
    first = chain.apply(images, params)
    torch.rand(3)  # nothing random in the global generator matters
    assert torch.equal(chain.apply(images, kept), first)
    assert torch.equal(images, before)
    assert all(torch.equal(params[name], kept[name]) for name in kept)


@pytest.mark.parametrize(("spec", "channels"), CASES)
def test_views_have_the_promised_shape_type_and_range(spec, channels):
    chain = parse_view(spec).first
    for dtype in (torch.float32, torch.float64):
        images = square(channels, dtype=dtype)[..., :13]
        seen = chain.apply(images, draw(chain, images))
        assert seen.dtype == dtype
        assert tuple(seen.shape[1:]) == chain.out_shape(tuple(images.shape[1:]))
        assert seen.min() >= -1e-6
        assert seen.max() <= 1 + 1e-6


@pytest.mark.parametrize(("spec", "channels"), CASES)
def test_both_precisions_agree(spec, channels):
    chain = parse_view(spec).first
    images = square(channels)
    params = draw(chain, images)
    single = chain.apply(images.float(), params)
    assert torch.allclose(single.double(), chain.apply(images, params), atol=2e-5)


@pytest.mark.parametrize("spec", [spec for spec, row in TABLE.items() if len(row[0]) == 13])
@pytest.mark.parametrize("channels", ANY)
def test_one_to_thirteen_channels_are_taken(spec, channels):
    chain = parse_view(spec).first
    images = square(channels, count=2, size=9)
    chain.check(tuple(images.shape[1:]))
    assert chain.apply(images, draw(chain, images)).shape[1] == channels


@pytest.mark.parametrize(("spec", "channels"), CASES)
def test_every_channel_is_treated_as_it_would_be_alone(spec, channels):
    if channels == 1 or any(step.startswith(MIXING) for step in spec.split("|")):
        pytest.skip("mixes or chooses channels, or draws one number per value")
    chain = parse_view(spec).first
    images = square(channels)
    params = draw(chain, images)
    alone = [chain.apply(images[:, c : c + 1], params) for c in range(channels)]
    assert torch.allclose(torch.cat(alone, dim=1), chain.apply(images, params), atol=1e-12)


@pytest.mark.parametrize("spec", [spec for spec, row in TABLE.items() if row[2]])
def test_an_image_of_one_value_stays_one_value(spec):
    chain = parse_view(spec).first
    for value in (0.0, 0.3, 1.0):
        images = torch.full((8, 3, 15, 15), value, dtype=torch.float64)
        seen = chain.apply(images, draw(chain, images))
        assert torch.allclose(seen, seen[:, :, :1, :1].expand_as(seen), atol=1e-6)
        if "jitter" not in spec:
            assert torch.allclose(seen, images.new_tensor(value), atol=2e-4)  # luma sums to 0.9999


@pytest.mark.parametrize("spec", [row[1] for row in TABLE.values() if row[1]])
def test_at_no_strength_the_image_is_left_as_it_is(spec):
    chain = parse_view(spec).first
    images = square(3)
    assert torch.allclose(chain.apply(images, draw(chain, images)), images, atol=1e-6)
    assert chain.clipped(images, draw(chain, images)) == 0


@pytest.mark.parametrize("spec", [spec for spec in TABLE if spec != "identity()"])
def test_seed_sample_and_epoch_each_change_the_draws(spec):
    chain = parse_view(spec).first
    images = square(3, count=1).expand(32, -1, -1, -1)
    base = draw(chain, images)

    def differs(params):
        return any(not torch.equal(params[name], base[name]) for name in base)

    assert differs(draw(chain, images, seed=1))
    assert differs(draw(chain, images, epoch=2))
    assert differs(draw(chain, images, samples=torch.arange(32) + 100))
    seen = chain.apply(images, base)
    assert len({tuple(view.flatten().tolist()) for view in seen}) > 1


@pytest.mark.parametrize("spec", TABLE)
def test_repr_is_the_spec_again(spec):
    pair = parse_view(spec)
    assert repr(pair) == spec
    assert repr(parse_view(repr(pair))) == repr(pair)
    # Each step's own text names the same view, with defaults left out.
    for step in pair.first.steps:
        again = parse_view(repr(step)).first.steps[0]
        assert again == step
    assert [text for text, _ in pair.first.stages(square(3), draw(pair.first, square(3)))] == [
        repr(step) for step in pair.first.steps
    ]


@pytest.mark.parametrize(
    "spec",
    [
        "crop(scale=(0, 1))",
        "crop(scale=(0.5, 0.2))",
        "crop(scale=(0.5, 2))",
        "crop(scale=0.2)",
        "crop(scale=(0.1, 0.5, 1))",
        "crop(scale=('a', 1))",
        "crop(ratio=(2, 1))",
        "crop(ratio=(0, 1))",
        "crop(ratio=(0.5, 1e999))",
        "crop(size=0)",
        "crop(size=2.5)",
        "crop(size=100000)",
        "flip(p=1.5)",
        "flip(p='often')",
        "flip(p=None)",
        "rotate(degrees=-1)",
        "rotate(degrees=181)",
        "rotate(degrees='a')",
        "translate(share=2)",
        "translate(share=(1, 2))",
        "noise(std=-0.1)",
        "noise(std=1e999)",
        "noise(std=None)",
        "grey(p=-0.1)",
        "vflip(p=-1)",
        "crop(interpolation='nearest')",
        "crop(ratio=None, scale=(0, 1))",
        "shear(degrees=85)",
        "shear(degrees='a')",
        "affine(degrees=-1)",
        "affine(translate=2)",
        "affine(scale=(0, 1))",
        "affine(scale=(2, 1))",
        "affine(scale=1)",
        "affine(shear=90)",
        "brightness(amount=-1)",
        "brightness(amount=None)",
        "contrast(p=2)",
        "saturation(amount=100)",
        "hue(amount=0.6)",
        "sharpness(amount='a')",
        "invert(p=2)",
        "solarise(threshold=257)",
        "solarise(threshold=(1, 2))",
        "posterise(bits=9)",
        "posterise(bits=2.5)",
        "autocontrast(p=2)",
        "equalise(p=-1)",
        "cutout(size=3)",
        "cutout(fill=2)",
        "cutout(fill='black')",
        "blockmask(share=2)",
        "blockmask(grid=0)",
        "blockmask(grid=1.5)",
        "randaugment(n=0)",
        "randaugment(n=1.5)",
        "randaugment(m=11)",
        "randaugment(std=-1)",
        "randaugment(p=2)",
        "randaugment(ops='F')",
        "randaugment(ops=3)",
        "blur(kernel='box')",
        "blur(kernel=23)",
        "jitter(-1)",
        "colourjitter(-1)",
        "colourjitter(hue=0.6)",
        "colourjitter(p=2)",
        "colourjitter('a')",
        "jitter(2.6)",
        "jitter(p=2)",
        "blur(sigma=(2, 1))",
        "blur(sigma=(-1, 1))",
        "blur(sigma=2)",
        "blur(sigma=(0.1, 1e999))",
        "blur(sigma=(0.1, 1e9))",
        "blur(p=7)",
        "crop(1, 2, 3, 4)",
        "flip(q=1)",
        "flip(0.5, p=0.5)",
        "flap()",
        "crop(scale=({0.1, 0.2}, 1))",
    ],
)
def test_impossible_arguments_are_refused_in_a_sentence(spec):
    with pytest.raises(InputError) as error:
        parse_view(spec)
    message = str(error.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert "Traceback" not in message
    assert spec.partition("(")[0] in message


@pytest.mark.parametrize(
    ("spec", "shape", "word"),
    [
        ("jitter()", (2, 8, 8), "channels"),
        ("jitter()", (13, 8, 8), "channels"),
        ("flip()|jitter()", (4, 8, 8), "channels"),
        ("saturation()", (2, 8, 8), "channels"),
        ("hue()", (4, 8, 8), "channels"),
        ("randaugment()", (2, 8, 8), "channels"),
        ("blockmask()", (3, 13, 20), "lower grid to at most 13"),
        ("crop(scale=(0.0001, 0.0002))", (1, 16, 16), "pixel"),
    ],
)
def test_images_that_a_view_cannot_take_are_refused(spec, shape, word):
    with pytest.raises(InputError, match=word):
        parse_view(spec).check(shape)
    with pytest.raises(InputError, match=word):
        parse_view(f"identity() // {spec}").check(shape)


def test_two_specs_make_two_views_and_one_spec_two_draws():
    images = square(3)
    samples = torch.arange(len(images))
    pair = parse_view("crop(scale=(0.2, 1)) // noise(std=0.1)")
    assert not pair.same
    assert repr(pair) == "crop(scale=(0.2, 1)) // noise(std=0.1)"
    v1, v2 = pair(images, seed=3, samples=samples, epoch=5)
    for which, (chain, seen) in enumerate([(pair.first, v1), (pair.second, v2)]):
        key = pair.key(which, images, 3, samples, 5)
        assert torch.equal(seen, chain.apply(images, chain.sample((3, 17, 17), key)))
    assert parse_view("flip() // flip()").same
    alike = parse_view("crop(scale=(0.2, 0.5))")
    v1, v2 = alike(images, seed=3, samples=samples, epoch=5)
    assert (v1 - v2).abs().amax(dim=(1, 2, 3)).min() > 0.01  # no image got one draw twice


def test_identity_makes_two_equal_views():
    images = square(3)
    v1, v2 = parse_view("identity()")(images, seed=0, samples=torch.arange(6), epoch=0)
    assert torch.equal(v1, images)
    assert torch.equal(v2, images)


def test_the_same_step_twice_draws_twice():
    chain = parse_view("translate(share=0.5)|translate(share=0.5)").first
    params = draw(chain, square(1, count=64))
    assert not torch.equal(params["0.translate.down"], params["1.translate.down"])


@pytest.mark.parametrize("spec", ["noise(std=0.5)", "jitter(2, p=1)"])
def test_clipped_share_counts_what_left_the_range(spec):
    chain = parse_view(spec).first
    inside = torch.full((64, 3, 9, 9), 0.5, dtype=torch.float64)
    edge = torch.ones_like(inside)
    assert 0 <= chain.clipped(inside, draw(chain, inside)) < chain.clipped(edge, draw(chain, edge))
    if spec.startswith("noise"):
        # Noise around 1: half of it rises above 1, and what is two deviations low falls below 0.
        truth = 0.5 + 0.02275
        share = chain.clipped(edge, draw(chain, edge))
        assert abs(share - truth) < 3 * (truth * (1 - truth) / edge.numel()) ** 0.5
    twice = parse_view(f"{spec}|{spec}").first
    assert twice.clipped(edge, draw(twice, edge)) > chain.clipped(edge, draw(chain, edge))
