"""Laws of moving digits: the motion, what is shared and what is not, replay, and a slow twin."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats

from goodviews.core.errors import InputError, ShapeError
from goodviews.worlds.moving_digits import FACTORS, MovingDigits, localisation_error

SUBSETS = [some for n in range(4) for some in itertools.combinations(FACTORS, n)]
FALSE = 1e-4
"""How often each comparison with chance may fail where nothing is wrong."""


def make(size=32, box=14, **switches):
    draw = np.random.default_rng(0)
    return MovingDigits(
        torch.from_numpy(draw.integers(0, 256, (60, box, box), dtype=np.uint8)),
        torch.arange(60) % 5,
        torch.from_numpy(draw.integers(0, 256, (40, 3, size + 9, size + 20), dtype=np.uint8)),
        torch.arange(40) % 4,
        size=size,
        **switches,
    )


def twin(world, scene, frames):
    """Frame by frame in NumPy: the digit takes one step at a time and turns round at a border."""
    digits, photos = world.digits.numpy(), world.photos.numpy()
    side, box = world.size, digits.shape[-1]
    clips = []
    for b in range(len(scene.digit)):
        place, step = scene.corner[b].numpy().copy(), scene.velocity[b].numpy().copy()
        clip = []
        for frame in range(1, max(frames) + 1):
            if frame > 1:
                place = place + step
            for axis in range(2):
                while not 0 <= place[axis] <= side - box:
                    border = 0 if place[axis] < 0 else side - box
                    place[axis], step[axis] = 2 * border - place[axis], -step[axis]
            if frame not in frames:
                continue
            top, left = scene.crop[b].tolist()
            seen = photos[scene.photo[b], :, top : top + side, left : left + side]
            seen = seen * np.float32(world.brightness / 255)
            ink = digits[scene.digit[b]] * np.float32(1 / 255)
            y, x = np.round(place).astype(int)
            under = seen[:, y : y + box, x : x + box]
            over = (
                np.maximum(under, ink) if world.composite == "max" else under + ink * (1 - under)
            )
            seen[:, y : y + box, x : x + box] = over
            clip.append(seen)
        clips.append(clip)
    return np.array(clips)


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("composite", ["max", "alpha"])
def test_frames_are_exactly_those_of_a_slow_loop(size, composite):
    world = make(size, size * 7 // 16, composite=composite, brightness=0.5, frames=4)
    scene = world.draw(torch.arange(20), seed=3)
    frames = [1, 2, 5, 30]
    shown = world.render(scene, frames)
    assert shown.shape == (20, 4, 3, size, size)
    assert shown.dtype == torch.float32
    assert np.array_equal(shown.numpy(), twin(world, scene, frames))
    memory = torch.full_like(shown, torch.nan)
    assert world.render(scene, frames, out=memory) is memory
    assert torch.equal(memory, shown)


def test_the_digit_stays_inside_and_moves_at_one_speed_but_for_bounces():
    world = make()
    scene = world.draw(torch.arange(400), seed=0)
    path = world.path(scene, range(1, 200))
    assert path.min() >= 0
    assert path.max() <= world.room
    steps = path.diff(dim=1)
    free = steps.abs() - scene.velocity.abs()[:, None]
    straight = free.abs() < 1e-9
    assert (free < 1e-9).all()  # a step is shorter only where it bounces
    length = steps.norm(dim=2)[straight.all(dim=2)]
    assert torch.allclose(length, torch.full_like(length, 0.1 * 32))
    # A step of 3.2 at a random angle meets a border of a room of 18 with a known chance.
    hit = float((~straight).double().mean())
    assert hit == pytest.approx(3.2 * 2 / math.pi / 18, rel=0.1)


def test_every_frame_is_uniform_over_the_room_and_directions_over_the_circle():
    world = make()
    scene = world.draw(torch.arange(4000), seed=1)
    for frame in (1, 2, 20):
        for axis in range(2):
            law = stats.uniform(0, world.room)
            assert stats.kstest(world.path(scene, [frame])[:, 0, axis], law.cdf).pvalue > FALSE
    angle = torch.atan2(*scene.velocity.T) / (2 * math.pi) + 0.5
    assert stats.kstest(angle, "uniform").pvalue > FALSE


@pytest.mark.parametrize("shared", SUBSETS, ids=lambda some: "+".join(some) or "nothing")
def test_what_is_shared_is_equal_and_all_else_is_independent(shared):
    world = make(ahead=6)
    samples = torch.arange(3000)
    first = world.draw(samples, seed=2, view=1)
    second = world.shared(first, samples, shared, seed=2)
    here, there = world.columns(first, frame=world.ahead), world.columns(second)
    for name in ("digit", "background"):
        if name in shared:
            continue
        table = stats.contingency.crosstab(here[name], there[name]).count
        assert stats.chi2_contingency(table).pvalue > FALSE
    for name in ("row", "column"):
        if "position" in shared:
            assert torch.equal(here[name], there[name])
        else:
            assert stats.pearsonr(here[name], there[name]).pvalue > FALSE
    assert torch.equal(first.digit, second.digit) == ("digit" in shared)
    assert torch.equal(first.photo, second.photo) == ("background" in shared)
    assert torch.equal(first.crop, second.crop) == ("background" in shared)
    # What v2 shows of one factor says nothing of another: no crossing of the factors either.
    for one, other in (("digit", "background"), ("background", "digit")):
        table = stats.contingency.crosstab(here[one], there[other]).count
        assert stats.chi2_contingency(table).pvalue > FALSE
    assert stats.kstest(second.corner[:, 0], stats.uniform(0, world.room).cdf).pvalue > FALSE


@pytest.mark.parametrize("background", ["image", "class"])
def test_sharing_by_class_takes_another_instance_of_it(background):
    world = make(digit="class", background=background)
    samples = torch.arange(4000)
    first = world.draw(samples, seed=0, view=1)
    second = world.shared(first, samples, FACTORS, seed=0)
    here, there = world.columns(first), world.columns(second)
    assert torch.equal(here["digit"], there["digit"])
    assert torch.equal(here["background"], there["background"])
    # 12 digits of each of 5 classes: the same one comes back as often as any other.
    same = int((first.digit == second.digit).sum())
    assert stats.binomtest(same, 4000, 1 / 12).pvalue > FALSE
    images = int((first.photo == second.photo).sum())
    if background == "image":
        assert images == 4000
    else:
        assert stats.binomtest(images, 4000, 1 / 10).pvalue > FALSE
    rows = int((first.crop[:, 0] == second.crop[:, 0]).sum())
    assert stats.binomtest(rows, 4000, 1 / 10).pvalue > FALSE


def test_a_pair_is_the_same_in_any_batch_and_v2_shows_frame_t(device):
    world = make(frames=3, ahead=5).to(device)
    samples = torch.arange(30, device=device)
    pair = world.pair(samples, FACTORS, seed=4)
    order = torch.tensor([17, 3], device=device)
    some = world.pair(order, FACTORS, seed=4)
    assert torch.equal(some.clip, pair.clip[order])
    assert torch.equal(some.image, pair.image[order])
    assert not torch.equal(world.pair(samples, FACTORS, seed=5).image, pair.image)
    # All three shared: v2 is frame t itself, to the bit.
    assert torch.equal(pair.image, world.render(pair.first, [5])[:, 0])
    assert torch.equal(pair.clip, world.render(pair.first, [1, 2, 3]))
    assert 0 <= pair.clip.min() < pair.clip.max() <= 1


def test_the_constant_guess_errs_by_its_closed_form():
    draw = np.random.default_rng(0)
    world = make(64, 28)
    assert world.constant_error() == pytest.approx(13.77, abs=0.01)
    assert world.constant_error() == pytest.approx(make(32, 14).constant_error())
    centre = draw.uniform(0, 36, (40_000, 2))
    guess = np.full_like(centre, 18)
    for norm in ("euclidean", "rms", "axis"):
        each = localisation_error(guess, centre, norm=norm)
        mean, error = each.mean(), each.std() / 200
        exact = world.constant_error(norm=norm) ** (2 if norm == "rms" else 1)
        assert abs(mean - exact) < 4 * error
    with pytest.raises(InputError, match="euclidean"):
        localisation_error(guess, centre, norm="euclid")
    with pytest.raises(InputError, match="euclidean"):
        world.constant_error(norm="l1")


def test_what_makes_no_world_is_refused():
    world = make()
    for wrong, words in (
        ({"digit": "kind"}, "instance"),
        ({"background": "crops"}, "crop"),
        ({"composite": "min"}, "max"),
        ({"size": 64}, "at least that size"),
        ({"size": 14}, "smaller digits"),
        ({"frames": 0}, "at least 1"),
        ({"ahead": 0}, "at least 1"),
        ({"brightness": 0.0}, r"brightness in \(0, 1\]"),
        ({"digits": torch.rand(60, 4, 4)}, "uint8"),
        (
            {"digits": torch.zeros(0, 4, 4, dtype=torch.uint8), "digit_classes": []},
            "at least one digit",
        ),
    ):
        parts = {
            "digits": world.digits,
            "digit_classes": world.digit_classes,
            "photos": world.photos,
            "photo_classes": world.photo_classes,
            "size": 32,
        }
        with pytest.raises(InputError, match=words):
            MovingDigits(**(parts | wrong))
    with pytest.raises(ShapeError, match="digits"):
        MovingDigits(world.digits[:, 0], world.digit_classes, world.photos, world.photo_classes)
    with pytest.raises(InputError, match="position"):
        world.pair(torch.arange(2), ["place"], seed=0)
