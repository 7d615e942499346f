"""Heads: their layers as the papers give them, and the laws of the jigsaw and the prototypes."""

import pytest
import torch
from torch import nn

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.encoders import JigsawHead, Prototypes, build_head

L, N, R = "Linear", "BatchNorm1d", "ReLU"


@pytest.mark.parametrize(
    ("text", "layers", "outputs"),
    [
        ("mlp()", [L, R, L], 128),
        ("mlp(dim=7)", [L, R, L], 7),
        ("simclr(dim=6)", [L, N, R, L, N], 6),
        ("simsiam(dim=10)", [L, N, R, L, N, R, L, N], 10),
        ("predictor(hidden=5)", [L, N, R, L], 12),
        ("32-16-8", [L, N, R, L, N, R, L], 8),
        (" 32 - 8 ", [L, N, R, L], 8),
        ("9", [L], 9),
    ],
)
def test_layers_are_those_of_the_papers(text, layers, outputs):
    head = build_head(text, 12)
    assert [type(layer).__name__ for layer in head] == layers
    assert head.outputs == outputs
    assert head(torch.randn(4, 12)).shape == (4, outputs)


@pytest.mark.parametrize(("text", "bias"), [("16-8", False), ("linear()", True), ("mlp()", True)])
def test_only_the_projectors_last_layer_has_no_bias(text, bias):
    head = build_head(text, 12)
    last = head if isinstance(head, nn.Linear) else head[-1]
    assert (last.bias is not None) == bias


def test_widths_count_the_parameters_of_the_notation():
    head = build_head("20-30-5", 10)
    by_hand = (10 * 20 + 20 + 2 * 20) + (20 * 30 + 30 + 2 * 30) + 30 * 5
    assert sum(p.numel() for p in head.parameters()) == by_hand


def test_identity_is_the_representation(rng):
    h = torch.randn(4, 6, generator=rng)
    head = build_head("identity()", 6)
    assert head(h) is h
    assert head.outputs == 6


@pytest.mark.parametrize("text", ["simclr(dim=6)", "simsiam(dim=6)"])
def test_the_last_norm_centres_each_dimension_and_stays_there(text, rng):
    head = build_head(text, 12)
    z = head(torch.randn(50, 12, generator=rng))
    assert torch.allclose(z.mean(0), torch.zeros(6), atol=1e-5)
    trained = [name for name, p in head.named_parameters() if p.requires_grad]
    assert f"{len(head) - 1}.bias" not in trained


def test_building_leaves_running_statistics_and_modes_alone():
    head = build_head("16-8", 12)
    assert head.training
    assert head[1].num_batches_tracked == 0


def test_prototype_scores_are_cosines_whatever_the_norms(rng):
    head = Prototypes(5, count=7)
    z = torch.randn(4, 5, generator=rng)
    cosines = nn.functional.cosine_similarity(z[:, None], head.vectors[None], dim=2)
    torch.testing.assert_close(head(z), cosines)
    torch.testing.assert_close(head(3 * z), cosines)
    with torch.no_grad():
        head.vectors.mul_(4)
    head.renormalise()
    torch.testing.assert_close(head(z), cosines)


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_the_jigsaw_head_is_its_formula_patch_by_patch(kind, rng):
    head = build_head(f"jigsaw(kind='{kind}', dim=4)", 6)
    patches = torch.randn(3, 9, 6, generator=rng)
    order = Key.of(seed=0, samples=torch.arange(3)).permutation(9)
    out = head(patches, order)
    for image in range(3):
        codes = [head.fc1(patches[image, place]) for place in order[image]]
        torch.testing.assert_close(out[image], head.fc2(torch.cat(codes)))
    assert head.outputs == 4
    assert head.fc2.in_features == 36


def test_an_order_drawn_over_permuted_patches_is_the_order_that_undoes_both(rng):
    head = build_head("jigsaw(dim=4)", 6)
    patches = torch.randn(2, 9, 6, generator=rng)
    order = Key.of(seed=1, samples=torch.arange(2)).permutation(9)
    shuffled = patches.gather(1, order[:, :, None].expand_as(patches))
    torch.testing.assert_close(head(shuffled), head(patches, order))
    assert not torch.allclose(head(patches), head(patches, order))


def test_patches_may_come_one_after_the_other(rng):
    head = build_head("jigsaw(dim=4, patches=4)", 6)
    patches = torch.randn(2, 4, 6, generator=rng)
    torch.testing.assert_close(head(patches.flatten(0, 1)), head(patches))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("linaer()", "Did you mean 'linear'"),
        ("linear(128)", "named arguments"),
        ("linear(dims=4)", "dims"),
        ("linear(dim=0)", "dim=0"),
        ("linear(dim=2.5)", "dim=2.5"),
        ("jigsaw(kind='big')", "jigsaw kind"),
        ("64-0-8", "width 0"),
        ("64--8", "not a step"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(text, word):
    with pytest.raises(InputError, match=word) as error:
        build_head(text, 8)
    assert "\n" not in str(error.value)


def test_patches_and_orders_that_do_not_fit_are_refused():
    head = JigsawHead(nn.Linear(6, 4), dim=4)
    with pytest.raises(InputError, match="9 for each image"):
        head(torch.ones(2, 8, 6))
    with pytest.raises(InputError, match="9 for each image"):
        head(torch.ones(17, 6))
    with pytest.raises(InputError, match="one permutation per image"):
        head(torch.ones(2, 9, 6), torch.zeros(3, 9, dtype=torch.int64))
