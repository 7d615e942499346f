"""The batched path compiles whole: one graph from key to view, no break, the same view."""

import pytest
import torch

from goodviews.core.rng import Key
from goodviews.spec.catalogue import VIEWS
from goodviews.views import parse_view

SPECS = [
    "crop(size=8)",
    "crop(interpolation='bicubic')",
    "flip()|vflip()|translate()",
    "rotate()|shear()|affine()",
    "jitter(p=0.5)",
    "grey()|brightness(p=0.5)|contrast()|saturation()|hue(p=0.5)|sharpness()",
    "noise()",
    "blur()|blur(kernel='23taps')|blur(kernel='pil')",
    "invert()|solarise()|posterise()|autocontrast()|equalise()",
    "cutout()|blockmask(grid=5)",
    "randaugment()",
    "randaugment(n=1, ops='E')",
]
HOMES = ("geometric", "affine", "photometric", "tone", "levels", "masking", "randaugment")


def test_every_pixel_and_value_view_is_compiled_here():
    named = {step.partition("(")[0] for spec in SPECS for step in spec.split("|")}
    wanted = {
        name
        for name, listing in VIEWS.items()
        if listing.home.partition(":")[0].rpartition(".")[2] in HOMES
    }
    assert named | {"identity"} == wanted


@pytest.fixture(autouse=True)
def fresh():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


@pytest.mark.parametrize("spec", SPECS)
def test_one_graph_draws_and_applies(spec):
    chain = parse_view(spec).first

    def views(images, words):
        return chain.apply(images, chain.sample((3, 13, 17), Key(words)))

    compiled = torch.compile(views, backend="aot_eager", fullgraph=True)
    for seed in (0, 1):
        generator = torch.Generator().manual_seed(seed)
        images = torch.rand(6, 3, 13, 17, generator=generator)
        words = Key.of(seed=seed, samples=torch.arange(6)).words
        assert torch.allclose(compiled(images, words), views(images, words), atol=1e-5)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("spec", ["crop()|flip()|jitter()|grey()|blur()", "randaugment()"])
def test_inductor_makes_the_same_views(spec, request):
    if "slow" not in request.config.option.markexpr:
        pytest.skip("needs a C++ compiler and minutes; run with -m slow")
    chain = parse_view(spec).first

    def views(images, words):
        return chain.apply(images, chain.sample((3, 17, 17), Key(words)))

    images = torch.rand(8, 3, 17, 17, generator=torch.Generator().manual_seed(0))
    words = Key.of(seed=0, samples=torch.arange(8)).words
    compiled = torch.compile(views, fullgraph=True)
    # Another order of sums may move a value over the edge of an 8-bit level.
    apart = (compiled(images, words) - views(images, words)).abs()
    assert (apart > 1e-5).double().mean() < (0.01 if "randaugment" in spec else 1e-9)
