"""What tells the angle is read whole, what hides it is read at chance."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.evaluation import fit_logistic
from goodviews.evaluation.label_free import rotated, rotation_accuracy


def test_four_turns_make_the_image_again_and_only_the_middle_of_a_long_one_is_about_label():
    x = torch.arange(2 * 3 * 5 * 5).reshape(2, 3, 5, 5)
    turns = rotated(x)
    assert torch.equal(turns[0], x)
    for turn in range(4):
        again = turns[turn]
        for _ in range(4 - turn):
            again = rotated(again)[1]
        assert torch.equal(again, x)
    assert torch.equal(
        rotated(torch.arange(12).reshape(1, 1, 2, 6))[0, 0, 0], torch.tensor([[2, 3], [8, 9]])
    )


def test_the_angle_is_read_whole_and_what_hides_it_at_chance(rng):
    hidden = torch.randn(1, 40, 7, generator=rng).repeat(4, 1, 1)
    assert rotation_accuracy(hidden) == 0.25
    shown = torch.cat([hidden, torch.eye(4)[:, None].repeat(1, 40, 1)], dim=2)
    assert rotation_accuracy(shown) == 1.0


def test_images_in_the_order_of_their_classes_are_on_both_sides():
    # The angle is written in other features for each class.
    first = torch.cat([torch.eye(4)[:, None].repeat(1, 20, 1), torch.zeros(4, 20, 4)], dim=2)
    second = first.roll(4, dims=2)
    assert rotation_accuracy(torch.cat([first, second], dim=1)) == 1.0


def test_no_image_is_fitted_and_tested(rng):
    # Features that name image and angle together: nothing of it holds for other images.
    names = torch.eye(4 * 30).reshape(4, 30, 120)
    assert rotation_accuracy(names) < 0.5


def test_shift_scale_and_order_of_features_change_nothing(rng):
    z = torch.randn(4, 80, 5, generator=rng) + torch.arange(4)[:, None, None]
    base = rotation_accuracy(z)
    assert 0.4 < base < 1
    for other in (z * 3, z + 7, z.flip(2)):
        assert rotation_accuracy(other) == pytest.approx(base, abs=0.007)


def test_it_agrees_with_the_probe_written_out(rng):
    z = torch.randn(4, 30, 3, generator=rng) + torch.arange(4)[:, None, None]
    known = [(z[turn, one], turn) for one in range(0, 30, 2) for turn in range(4)]
    probe = fit_logistic(
        torch.stack([x for x, _ in known]),
        torch.tensor([y for _, y in known]),
        classes=4,
        penalty=1e-3,
    )
    right = [
        int(probe.log_probs(z[turn, one][None]).argmax()) == turn
        for one in range(1, 30, 2)
        for turn in range(4)
    ]
    assert rotation_accuracy(z) == pytest.approx(sum(right) / 60, abs=1 / 60)


def test_other_numbers_of_turns_are_refused():
    with pytest.raises(InputError, match="4 turns"):
        rotation_accuracy(torch.zeros(3, 8, 2))
