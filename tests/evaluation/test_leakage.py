"""The matrix tells what is there, stays silent where nothing is, and holds its false claims."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import binomtest

from goodviews.core.errors import InputError
from goodviews.evaluation.advice import LABEL_ROW, leakage_advice, leakage_board
from goodviews.evaluation.factors import Factor, as_factors, drawn_factors
from goodviews.evaluation.leakage import leakage
from goodviews.evaluation.permutation import max_t, shuffled_scores, shuffles
from goodviews.views import parse_view


def halves(count):
    return {"fit": np.arange(count // 2), "test": np.arange(count // 2, count)}


def planted(count=2400, seed=0, noise=0.6):
    """Features that hold form, size and colour, and factors of which three are not in them."""
    rng = np.random.default_rng(seed)
    columns = {
        "form": rng.integers(0, 3, count),
        "size": 20 * rng.random(count),
        "colour": rng.integers(0, 4, count),
        "texture": rng.integers(0, 4, count),
        "place": 64 * rng.random(count),
        "rare": rng.random(count) < 0.08,
    }
    held = np.c_[np.eye(3)[columns["form"]], columns["size"] / 10, np.eye(4)[columns["colour"]]]
    z = 2 * held @ rng.standard_normal((held.shape[1], 24))
    return z + noise * rng.standard_normal(z.shape), columns


@pytest.fixture(scope="module")
def found():
    z, columns = planted()
    rng = np.random.default_rng(1)
    label = np.eye(3)[columns["form"]]
    rows = {
        "encoder": z,
        "random weights": z + 6 * rng.standard_normal(z.shape),
        LABEL_ROW: label,
    }
    return leakage(rows, as_factors(columns)[0], **halves(len(z)))


def test_what_is_in_the_features_is_told_and_what_is_not_is_not(found):
    told = {cell.factor for cell in found.cells if cell.row == "encoder" and cell.told}
    assert told == {"form", "size", "colour"}
    for cell in found.cells:
        assert cell.score_low <= cell.score <= cell.score_high
        assert cell.nats_low <= cell.nats <= cell.nats_high
        assert cell.p <= cell.p_adjusted
        assert cell.skill == pytest.approx((cell.score - cell.chance) / (1 - cell.chance))
        assert (cell.entropy_nats is None) == (cell.kind == "continuous")
        if not cell.told and cell.row == "encoder":
            assert abs(cell.nats) < 0.02
    assert found.cell(LABEL_ROW, "form").score == 1
    rare = found.cell("encoder", "rare")
    assert rare.score == pytest.approx(rare.chance)  # accuracy of .92 is no news


def test_usable_nats_of_a_linear_gaussian_channel_reach_its_capacity():
    rng = np.random.default_rng(0)
    count, noise = 6000, 0.5
    y = rng.standard_normal(count)
    z = np.c_[y + noise * rng.standard_normal(count), rng.standard_normal((count, 3))]
    truth = 0.5 * math.log(1 + 1 / noise**2)
    cell = leakage({"z": z}, [Factor("y", 7 * y + 3)], **halves(count)).cells[0]
    stderr = (cell.nats_high - cell.nats_low) / (2 * 1.96)
    assert abs(cell.nats - truth) < 3 * stderr + 0.005
    wanted = 7 * noise / math.sqrt(1 + noise**2)  # the conditional mean is linear here
    assert cell.error == pytest.approx(wanted, rel=0.05)
    assert cell.score_low < 1 / (1 + noise**2) < cell.score_high


def test_usable_nats_of_a_binary_channel_reach_its_capacity():
    rng = np.random.default_rng(0)
    count, flip = 6000, 0.1
    y = rng.integers(0, 2, count)
    z = (y ^ (rng.random(count) < flip)).astype(float)[:, None]
    cell = leakage({"z": z}, as_factors({"y": y})[0], **halves(count)).cells[0]
    truth = math.log(2) + flip * math.log(flip) + (1 - flip) * math.log(1 - flip)
    stderr = (cell.nats_high - cell.nats_low) / (2 * 1.96)
    assert abs(cell.nats - truth) < 3 * stderr + 0.002


def test_scale_and_shift_of_features_and_numbers_change_nothing():
    z, columns = planted(count=800)
    factors, _ = as_factors({"size": columns["size"], "form": columns["form"]})
    moved = [Factor("size", -3 * factors[0].values + 8), factors[1]]
    one = leakage({"z": z}, factors, **halves(800)).cells
    two = leakage({"z": 40 * z - 7}, moved, **halves(800)).cells
    for a, b in zip(one, two, strict=True):
        assert b.score == pytest.approx(a.score, abs=2e-3)
        assert b.nats == pytest.approx(a.nats, abs=2e-3)
        assert (b.p, b.told) == (a.p, a.told)
    assert two[0].error == pytest.approx(3 * one[0].error, rel=1e-3)


def test_the_same_seed_gives_the_same_matrix():
    z, columns = planted(count=400)
    factors, _ = as_factors(columns)
    one, two, other = (leakage({"z": z}, factors, seed=s, **halves(400)) for s in (3, 3, 4))
    assert one.cells == two.cells
    assert one.cells != other.cells


def test_false_claims_per_matrix_stay_below_the_level():
    claims = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        z = rng.standard_normal((200, 6))
        columns = {"u": rng.integers(0, 3, 200), "v": rng.random(200), "w": z[:, 0] < 9}
        factors, notes = as_factors(columns)
        assert len(notes) == 1  # one value only
        shared = {"a": z, "b": z + 0.1 * rng.standard_normal(z.shape)}
        found = leakage(shared, factors, permutations=99, seed=seed, **halves(200))
        claims += any(cell.told for cell in found.cells)
    assert binomtest(claims, 40, 0.05, alternative="greater").pvalue > 0.01


def test_step_down_is_never_below_one_test_nor_above_all_at_once():
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((6, 400))
    scores[:2, 0] = 8, 2.5
    alone, adjusted = max_t(list(scores))
    t = (scores - scores.mean(1, keepdims=True)) / scores.std(1, keepdims=True)
    at_once = np.array([(t.max(axis=0) >= value - 1e-9).mean() for value in t[:, 0]])
    assert (adjusted >= alone - 1e-12).all()
    assert (adjusted <= at_once + 1e-12).all()
    assert adjusted[0] == 1 / 400
    # one cell in four copies pays for one test only; four independent ones for more
    copies = max_t([scores[1]] * 4)[1]
    assert copies == pytest.approx(np.full(4, alone[1]))


def test_a_readout_that_says_the_same_of_everything_has_p_one():
    scores = shuffled_scores(np.full((30, 2), 0.5), np.arange(30) % 2, shuffled(30, 50))
    alone, adjusted = max_t([scores])
    assert alone[0] == adjusted[0] == 1


def shuffled(items, count):
    return shuffles(items, np.arange(items), count=count, seed=0)


def test_shuffled_scores_equal_a_written_out_loop():
    rng = np.random.default_rng(0)
    truth, orders = rng.integers(0, 3, 12), shuffled(12, 5)
    probs = rng.dirichlet(np.ones(3), 12)
    numbers, guess = rng.standard_normal((2, 12))
    assert sorted(orders[0]) == list(range(12))
    for row, order in enumerate([np.arange(12), *orders]):
        wanted = np.mean([probs[i, truth[order[i]]] for i in range(12)])
        assert shuffled_scores(probs, truth, orders)[row] == pytest.approx(wanted)
        wanted = np.cov(numbers[order], guess, ddof=0)[0, 1]
        assert shuffled_scores(guess, numbers, orders)[row] == pytest.approx(wanted)


def test_unknown_values_are_passed_over():
    z, columns = planted(count=800)
    form = columns["form"].copy()
    form[::2] = -1
    size = columns["size"].copy()
    size[1::2] = np.nan
    factors, _ = as_factors({"form": form, "size": size})
    for cell in leakage({"z": z}, factors, **halves(800)).cells:
        assert (cell.fitted, cell.items) == (200, 200)
        assert cell.told


def test_columns_become_factors_by_their_values():
    rng = np.random.default_rng(0)
    factors, notes = as_factors(
        {
            "flag": rng.random(100) < 0.5,
            "text": np.array(["a", "", "b", "a"] * 25),
            "level": np.tile([0.5, 1.5], 50),
            "number": rng.random(100),
            "pair": rng.random((100, 2)),
            "word": torch.arange(100) * 2**50,
            "same": np.ones(100),
            "name": np.array([f"file {i}" for i in range(100)]),
        }
    )
    kinds = {factor.name: factor.classes for factor in factors}
    assert kinds == {
        "flag": ("no", "yes"),
        "text": ("a", "b"),
        "level": ("0.5", "1.5"),
        "number": (),
        "pair[0]": (),
        "pair[1]": (),
    }
    assert [note.split("'")[1] for note in notes] == ["word", "same", "name"]
    assert not factors[1].known[1]
    with pytest.raises(InputError, match="the same length"):
        as_factors({"a": np.ones(3), "b": np.ones(4)})


def test_parameters_of_a_view_are_told_from_the_view_and_not_from_the_image():
    rng = torch.Generator().manual_seed(0)
    images = 0.3 + 0.4 * torch.rand(600, 1, 8, 8, generator=rng)
    pair = parse_view("jitter(0.6)|noise(std=0.02)")
    key = pair.key(0, images, 0, torch.arange(600), 0)
    params = pair.first.sample((1, 8, 8), key)
    factors, _ = drawn_factors(params)
    by_name = {factor.name: factor for factor in factors}
    off = ~params["0.jitter.on"].numpy()
    assert off.any()
    assert (~by_name["jitter.brightness"].known == off).all()
    assert "noise.word" not in by_name
    view = pair.first.apply(images, params).flatten(1).numpy()
    # the level of noise-free pixels is what brightness scales
    rows = {"view": view, "image": images.flatten(1).numpy()}
    found = leakage(rows, [by_name["jitter.brightness"]], **halves(600))
    assert [cell.told for cell in found.cells] == [True, False]


def test_the_advice_names_what_is_kept_and_not_needed(found):
    said = leakage_advice(found, row="encoder", task="form", reference="random weights")
    top = said["kept"][0]
    assert set(said["kept"]) == {"size", "colour"}
    assert said["advice"].startswith(f"Vary {top} between the two views: encoder keeps it")
    assert "form does not need it" in said["advice"]
    assert "Training added" in said["more"][0]
    seen = leakage_advice(found, row="encoder", task="form", varied=[top])
    assert seen["advice"].startswith(f"Train longer or vary {top} more")
    none = leakage_advice(found, row=LABEL_ROW, task="form")
    assert none["kept"] == []
    assert none["advice"].startswith("Remove nothing")


def test_what_the_task_label_already_says_is_needed():
    rng = np.random.default_rng(0)
    form = rng.integers(0, 3, 1200)
    twin = np.where(rng.random(1200) < 0.9, form, rng.integers(0, 3, 1200))
    z = 3 * np.eye(3)[form] + rng.standard_normal((1200, 3))
    rows = {"encoder": z, LABEL_ROW: np.eye(3)[form]}
    factors, _ = as_factors({"form": form, "twin": twin})
    found = leakage(rows, factors, **halves(1200))
    assert found.cell("encoder", "twin").told
    assert leakage_advice(found, row="encoder", task="form")["kept"] == []


def test_a_board_puts_the_task_first_and_encoders_in_the_order_of_their_nats():
    z, columns = planted(count=600)
    rows = {"far": z, "near": z[:, :8], "raw pixels": z[:, :2]}
    found = leakage(rows, as_factors(columns)[0], permutations=99, **halves(600))
    board = leakage_board(
        found, encoders=["far", "near"], task="colour", nats={"far": 3.0, "near": 2.0}
    )
    assert [row["name"] for row in board["rows"]] == ["near", "far", "raw pixels"]
    assert [row["role"] for row in board["rows"]] == ["encoder", "encoder", "baseline"]
    assert board["columns"][0] == {"name": "colour", "kind": "discrete", "task": True}
    skills = [cell["skill"] for cell in board["cells"][1][1:]]
    assert skills == sorted(skills, reverse=True)
    assert board["advice"].split(":")[1].strip().startswith("far")  # tells the task best


def test_a_gain_is_paired_and_its_own_negative(found):
    gap, low, high = found.gain("encoder", "random weights", "size")
    back, below, above = found.gain("random weights", "encoder", "size")
    assert (gap, low, high) == pytest.approx((-back, -above, -below))
    assert low > 0
    cells = [found.cell(row, "size").nats for row in ("encoder", "random weights")]
    assert gap == pytest.approx(cells[0] - cells[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"test": np.arange(30, 90)}, "must not overlap"),
        ({"test": np.arange(95, 100)}, "at least 20"),
        ({"rows": {}}, "at least one representation"),
        ({"rows": {"z": np.zeros((5, 2))}}, "has 5 rows"),
        ({"rows": {"z": np.full((100, 2), np.nan)}}, "not finite"),
        ({"names": ("a", "a")}, "different names"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(change, said):
    rng = np.random.default_rng(0)
    names = change.get("names", ("a", "b"))
    factors = [Factor(name, rng.random(100)) for name in names]
    rows = change.get("rows", {"z": rng.random((100, 2))})
    with pytest.raises(InputError, match=said):
        leakage(rows, factors, fit=np.arange(50), test=change.get("test", np.arange(50, 100)))


def test_a_cell_that_is_not_there_is_named(found):
    with pytest.raises(InputError, match="There is no cell"):
        found.cell("encoder", "weight")


def test_a_factor_drawn_by_coin_for_each_group_is_not_told_where_groups_are_given():
    told = {True: 0, False: 0}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(40), 10)
        z = rng.standard_normal((40, 5))[groups] + 0.1 * rng.standard_normal((400, 5))
        coin = rng.integers(0, 2, 40)[groups]
        factors = [Factor("coin", coin, ("a", "b")), Factor("mark", z[:, 0])]
        fit, test = np.arange(200), np.arange(200, 400)
        for given in (True, False):
            found = leakage(
                {"z": z},
                factors,
                fit=fit,
                test=test,
                permutations=99,
                groups=groups if given else None,
            )
            told[given] += found.cell("z", "coin").told
            assert found.cell("z", "mark").score > 0.9
    assert told[True] <= 1
    assert told[False] >= 2
