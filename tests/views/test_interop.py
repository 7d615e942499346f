"""Our views among other libraries' transforms, and theirs among ours."""

import random

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from goodviews.core.errors import InputError
from goodviews.views import parse_view
from goodviews.views.factors import as_factors
from goodviews.views.interop import AsTransform, Collate, chain, pair, wrap
from goodviews.views.multicrop import MultiCrop

SAMPLES = torch.arange(6)


@pytest.fixture(autouse=True)
def same_generator_after():
    state = torch.random.get_rng_state()
    yield
    torch.random.set_rng_state(state)


def pictures(channels=3, size=20):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(6, channels, size, size, generator=generator)


def messy(image):
    """Draws from all three generators."""
    return (image * random.random() * np.random.rand() * torch.rand(())).float()


@pytest.mark.parametrize("call", [v2.RandomResizedCrop(12), v2.ColorJitter(0.5, 0.5), messy])
def test_a_foreign_transform_in_a_chain_is_drawn_from_the_key(call):
    views = pair(["crop(size=16)", call, "flip()"])
    images = pictures()
    views.check((3, 20, 20))
    v1, other = views(images, seed=0, samples=SAMPLES, epoch=0)
    assert (v1 - other).abs().amax(dim=(1, 2, 3)).min() > 0.001
    torch.manual_seed(5)
    some = torch.tensor([4, 2])
    alone = views.view(0, images[some], seed=0, samples=some, epoch=0)
    assert torch.allclose(alone, v1[some], atol=1e-6)
    assert tuple(v1.shape[1:]) == views.first.out_shape((3, 20, 20))
    assert "wrap(" in repr(views)


def test_the_generators_of_the_program_are_left_as_they_were():
    step = wrap(messy)
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    wanted = random.random(), np.random.rand(), float(torch.rand(()))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    step.apply(pictures(), {"word": SAMPLES})
    assert (random.random(), np.random.rand(), float(torch.rand(()))) == wanted


@pytest.mark.parametrize("made", ["text", torch.zeros(3), torch.zeros(3, 4, 4).byte()])
def test_a_function_that_makes_no_image_is_refused(made):
    with pytest.raises(InputError, match="float image"):
        wrap(lambda _: made).apply(pictures(), {"word": SAMPLES})


def test_ours_is_a_step_of_a_torchvision_pipeline_for_images_and_batches():
    transform = AsTransform(chain("crop(size=9)|flip()"))
    pipeline = v2.Compose([v2.ToDtype(torch.float32, scale=True), transform])
    assert pipeline(pictures()[0]).shape == (3, 9, 9)
    assert pipeline(pictures()).shape == (6, 3, 9, 9)
    image, label = transform(pictures()[0], "label")
    assert (image.shape, label) == ((3, 9, 9), "label")
    torch.manual_seed(3)
    first = transform(pictures())
    second = transform(pictures())
    torch.manual_seed(3)
    assert torch.equal(transform(pictures()), first)
    assert not torch.equal(first, second)
    assert "crop(size=9)" in repr(transform)


def test_bytes_and_pil_images_become_floats_in_the_unit_range():
    still = AsTransform(chain("identity()"))
    values = torch.arange(48).view(3, 4, 4).byte() * 5
    assert torch.equal(still(values), values.float() / 255)
    picture = Image.fromarray(values.permute(1, 2, 0).numpy())
    assert torch.equal(still(picture), values.float() / 255)
    grey = Image.fromarray(values[0].numpy())
    assert torch.equal(still(grey), values[:1].float() / 255)


def test_a_pair_gives_a_list_of_two_views():
    views = AsTransform("crop(size=8)|split(1)")(pictures()[0])
    assert [tuple(view.shape) for view in views] == [(1, 8, 8), (2, 8, 8)]


def test_collated_views_depend_on_the_place_and_not_on_the_workers():
    images = pictures()
    items = [(place, image, place * 10) for place, image in enumerate(images)]
    collate = Collate("crop(size=8)|noise(std=0.1)", seed=4)
    collate.epoch = 2
    pair_ = parse_view("crop(size=8)|noise(std=0.1)")
    wanted, _ = pair_(images, seed=4, samples=SAMPLES, epoch=2)
    for workers in (0, 2):
        loader = torch.utils.data.DataLoader(
            items, batch_size=4, shuffle=True, collate_fn=collate, num_workers=workers
        )
        for (v1, _), labels in loader:
            assert torch.allclose(v1, wanted[labels // 10], atol=1e-6)


@pytest.mark.parametrize(
    ("what", "word"),
    [
        (lambda: Collate("flip()")([(torch.zeros(3, 4, 4), 1)]), "place"),
        (lambda: AsTransform("flip()")("a path"), "PIL"),
        (lambda: AsTransform("flip()")(torch.zeros(4)), "(C, H, W)"),
        (lambda: AsTransform("jitter()")(torch.zeros(2, 4, 4)), "channels"),
        (lambda: chain("split(1)"), "makes two"),
        (lambda: MultiCrop("byol()", "crop()"), "makes two"),
        (lambda: MultiCrop("crop()", "crop()", (1, 0)), "counts"),
    ],
)
def test_what_does_not_fit_is_said(what, word):
    with pytest.raises(InputError) as error:
        what()
    assert word in str(error.value)


def test_multi_crop_starts_with_the_two_views_of_its_large_spec():
    crops = MultiCrop("crop(size=16)|noise()", "crop(scale=(0.05, 0.14), size=8)", (2, 3))
    images = pictures()
    crops.check((3, 20, 20))
    views = crops(images, seed=1, samples=SAMPLES, epoch=2)
    large = parse_view("crop(size=16)|noise()")(images, seed=1, samples=SAMPLES, epoch=2)
    assert [view.shape[-1] for view in views] == [16, 16, 8, 8, 8]
    assert all(torch.equal(mine, its) for mine, its in zip(views, large, strict=False))
    for first in range(2, 5):
        for second in range(first):
            if views[first].shape == views[second].shape:
                assert not torch.equal(views[first], views[second])


def test_what_was_drawn_comes_back_as_one_number_per_image():
    views = parse_view("crop(size=8)|flip()|jitter()|noise()").first
    key = parse_view("flip()").key(0, pictures(), 0, SAMPLES, 0)
    params = views.sample((3, 20, 20), key)
    factors = views.factors(params)
    apart = as_factors(params)
    assert set(factors) == set(apart)
    assert all(torch.equal(factors[name], apart[name]) for name in apart)
    assert all(value.shape == (6,) and value.dtype == torch.float64 for value in factors.values())
    assert torch.equal(factors["1.flip.flipped"].bool(), params["1.flip.flipped"])
    assert torch.equal(factors["2.jitter.order[3]"].long(), params["2.jitter.order"][:, 3])
    assert not any("word" in name for name in factors)


def test_params_kept_in_a_file_replay_the_view(tmp_path):
    views, images = parse_view("crop(size=8)|jitter()|noise()|blur()").first, pictures()
    key = parse_view("flip()").key(0, images, 0, SAMPLES, 0)
    params = views.sample((3, 20, 20), key)
    torch.save(params, tmp_path / "params.pt")
    again = torch.load(tmp_path / "params.pt", weights_only=True)
    assert torch.equal(views.apply(images, again), views.apply(images, params))


def test_collate_makes_views_of_files(tmp_path):
    from PIL import Image

    from goodviews.data import ImageFile

    items = []
    for place, size in enumerate([(40, 30), (33, 51)]):
        path = tmp_path / f"{place}.jpg"
        Image.radial_gradient("L").resize(size).convert("RGB").save(path)
        items.append((place, ImageFile(path), size[0]))
    (v1, v2), labels = Collate("crop(size=16)|flip()", seed=3)(items)
    assert v1.shape == v2.shape == (2, 3, 16, 16)
    assert labels.tolist() == [40, 33]
    alone = [Collate("crop(size=16)|flip()", seed=3)([item])[0][0] for item in items]
    assert torch.equal(v1, torch.cat(alone))
