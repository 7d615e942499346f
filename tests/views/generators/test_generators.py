"""Laws of every generator: a bijection of each pixel, with the volume it says it stretches."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.views.generators import (
    Coupling,
    CouplingGenerator,
    LinearGenerator,
    build_generator,
)

TEXTS = ("nvp(blocks=6, width=32)", "vp(blocks=6, width=32)", "orthogonal()", "linear()")
every = pytest.mark.parametrize("text", TEXTS)
sizes = pytest.mark.parametrize("channels", [2, 3, 6, 13])
KEEPS = ("vp(blocks=6, width=32)", "orthogonal()")


@every
@sizes
def test_it_starts_as_the_identity_exactly(text, channels, rng):
    generator = build_generator(text, channels, 3)
    images = torch.rand(2, channels, 4, 5, generator=rng) * 3 - 1
    assert torch.equal(generator(images), images)
    assert torch.equal(generator.inverse(images), images)
    assert not generator.log_det(images).any()


@every
@sizes
@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_the_inverse_undoes_it_in_both_precisions(text, channels, dtype, near, rng, shaken):
    images = torch.rand(4, channels, 16, 16, generator=rng, dtype=dtype)
    for seed in range(3):
        generator = shaken(text, channels, seed, dtype)
        with torch.no_grad():
            views = generator(images)
            assert views.dtype == dtype
            assert (views - images).abs().max() > 0.1  # it does something
            assert (generator.inverse(views) - images).abs().max() < near


@every
@sizes
def test_the_log_determinant_is_that_of_autograds_jacobian(text, channels, rng, shaken):
    generator = shaken(text, channels, 1, torch.float64)
    images = torch.rand(2, channels, 3, 3, generator=rng, dtype=torch.float64)
    images.requires_grad_()
    views = generator(images)  # no pixel reads another, so a sum over pixels has all Jacobians
    rows = [
        torch.autograd.grad(views[:, i].sum(), images, retain_graph=True)[0]
        for i in range(channels)
    ]
    signs, logs = torch.linalg.slogdet(torch.stack(rows, 1).permute(0, 3, 4, 1, 2))
    assert (signs > 0).all()
    torch.testing.assert_close(generator.log_det(images), logs, atol=1e-9, rtol=1e-9)
    assert (logs.abs().max() < 1e-9) == (text in KEEPS)


@every
@sizes
def test_it_commutes_with_every_move_of_pixels(text, channels, rng, shaken):
    generator = shaken(text, channels, 2, torch.float64)
    images = torch.rand(2, channels, 6, 5, generator=rng, dtype=torch.float64)
    order = torch.randperm(30, generator=rng)
    moved = images.flatten(2)[..., order].view_as(images)
    views = generator(images).flatten(2)[..., order].view_as(images)
    torch.testing.assert_close(generator(moved), views)


@pytest.mark.parametrize("text", ["nvp(blocks=3, width=6)", "vp(blocks=3, width=6)", *TEXTS[2:]])
def test_its_gradients_are_those_of_differences(text, rng, shaken):
    generator = shaken(text, 3, 3, torch.float64)
    images = torch.rand(1, 3, 2, 2, generator=rng, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in generator.named_parameters()]
    weights = [values.detach().requires_grad_() for values in generator.parameters()]

    def call(images, *weights):
        given = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(generator, given, (images,))

    assert torch.autograd.gradcheck(call, (images, *weights))


@pytest.mark.parametrize("text", ["nvp(blocks=3, width=8)", "orthogonal()", "linear()"])
def test_descent_moves_it_off_the_identity(text, rng):
    generator = build_generator(text, 3)
    images = torch.rand(2, 3, 8, 8, generator=rng)
    wanted = images[:, [1, 2, 0]]
    steps = torch.optim.Adam(generator.parameters(), 1e-2)
    losses = []
    for _ in range(40):
        loss = (generator(images) - wanted).square().mean()
        losses.append(loss.item())
        steps.zero_grad()
        loss.backward()
        steps.step()
    assert losses[-1] < 0.8 * losses[0]


@every
def test_stacks_of_images_are_mapped_image_by_image(text, rng, shaken):
    generator = shaken(text, 3)
    stack = torch.rand(2, 5, 3, 4, 4, generator=rng)
    one = generator(stack.flatten(0, 1)).view_as(stack)
    torch.testing.assert_close(generator(stack), one)


def test_a_rotation_keeps_lengths_and_a_seed_gives_the_same_start(rng, shaken):
    matrix = shaken("orthogonal()", 5, dtype=torch.float64).matrix()
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(5, dtype=torch.float64))
    one, two, other = (build_generator("nvp()", 3, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_a_block_is_the_formula_written_out(rng):
    block = Coupling(3, place=1, width=5, affine=True, draw=rng).double()
    with torch.no_grad():
        for one in block.parameters():
            one.normal_(generator=rng)
    pixels = torch.rand(3, 7, generator=rng, dtype=torch.float64)

    def told(part, given):
        hidden = (part.inner @ given + part.offset[:, None]).clamp(min=0)
        s, t = (part.outer @ hidden + part.shift[:, None]).chunk(2)
        return part.stretch[:, None] * s.tanh(), t

    b = pixels[[0, 2]]
    s, t = told(block.one, b)
    a = pixels[1:2] * s.exp() + t
    s2, t2 = told(block.rest, a)
    b = b * s2.exp() + t2
    moved, logs = block(pixels)
    torch.testing.assert_close(moved, torch.stack([b[0], a[0], b[1]]))
    torch.testing.assert_close(logs, s[0] + s2[0] + s2[1])


def test_a_text_makes_its_class():
    assert isinstance(build_generator("vp()", 3), CouplingGenerator)
    assert isinstance(build_generator("linear()", 3), LinearGenerator)
    assert build_generator(" vp( width=4 ) ", 3).text == "vp(blocks=6, width=4)"


def test_a_linear_matrix_keeps_its_side_and_its_inverse(shaken):
    generator = shaken("linear()", 4, dtype=torch.float64)
    matrix = generator.matrix().detach()
    assert torch.linalg.det(matrix) > 0
    assert (matrix @ matrix.T - torch.eye(4)).abs().max() > 0.1  # it is no rotation
    torch.testing.assert_close(generator.matrix(back=True).detach(), torch.linalg.inv(matrix))


def test_blocks_take_turns_at_the_channel_that_moves_first():
    places = [block.place for block in build_generator("vp(blocks=5, width=4)", 3).blocks]
    assert places == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("text", "channels", "words"),
    [
        ("nvpp()", 3, "Did you mean 'nvp'"),
        ("nvp(block=3)", 3, "Did you mean 'blocks'"),
        ("nvp(blocks=0)", 3, "blocks=0"),
        ("vp(width='8')", 3, "width='8'"),
        ("vp(blocks=True)", 3, "blocks=True"),
        ("linear(width=3)", 3, "takes no arguments"),
        ("nvp(6)", 3, "named arguments"),
        ("nvp()|vp()", 3, "not one name"),
        ("nvp()", 1, "2 to 13"),
        ("linear()", 14, "2 to 13"),
    ],
)
def test_what_cannot_be_built_is_told_in_a_sentence(text, channels, words):
    with pytest.raises(InputError, match=words.replace("(", r"\(").replace(")", r"\)")):
        build_generator(text, channels)


def test_images_of_other_channels_are_refused():
    with pytest.raises(InputError, match=r"images \(\.\.\., 3, H, W\), but got \(2, 4, 8, 8\)"):
        build_generator("nvp()", 3)(torch.zeros(2, 4, 8, 8))
