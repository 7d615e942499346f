"""LARS beside the written-out code of the papers and timm's; rules and schedules as laws."""

import math

import pytest
import timm.optim
import torch
from torch import nn

from goodviews.core.errors import InputError
from goodviews.training.lars import Lars
from goodviews.training.optim import MAKERS, build_optimiser, learning_rate
from goodviews.training.schedule import build_schedule


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 3)).double()


def slopes(model, step):
    """The same gradients for every model of this form."""
    rng = torch.Generator().manual_seed(step)
    for p in model.parameters():
        p.grad = torch.randn(p.shape, generator=rng, dtype=p.dtype)


def slow_lars(model, steps, *, lr, decay, eta, momentum=0.9):
    """As the papers' code writes it, tensor by tensor; one axis means a bias or a norm."""
    velocity = [torch.zeros_like(p) for p in model.parameters()]
    for step in range(steps):
        slopes(model, step)
        for p, v in zip(model.parameters(), velocity, strict=True):
            d = p.grad.clone()
            if p.ndim != 1:
                d = d + decay * p.data
                if p.data.norm() > 0 and d.norm() > 0:
                    d = d * (eta * p.data.norm() / d.norm())
            v.mul_(momentum).add_(d)
            p.data = p.data - lr * v


@pytest.mark.parametrize("decay", [0.0, 1e-6, 0.3])
def test_lars_is_the_papers_code(decay):
    fast, slow = net(), net()
    text = f"lars(lr=0.5, weight_decay={decay}, eta=0.02, rule='none')"
    optimiser, _ = build_optimiser(text, fast.parameters(), batch=8)
    for step in range(5):
        slopes(fast, step)
        optimiser.step()
    slow_lars(slow, 5, lr=0.5, decay=decay, eta=0.02)
    for one, two in zip(fast.parameters(), slow.parameters(), strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize(("decay", "agree"), [(0.0, True), (0.3, False)])
def test_timms_lars_is_the_same_without_decay_and_only_then(decay, agree, rng):
    one = torch.randn(5, 4, dtype=torch.float64, generator=rng).requires_grad_()
    two = one.detach().clone().requires_grad_()
    ours = Lars([one], lr=0.3, weight_decay=decay, eta=0.01)
    options = {"momentum": 0.9, "trust_coeff": 0.01, "always_adapt": True}
    theirs = timm.optim.Lars([two], lr=0.3, weight_decay=decay, **options)
    for _ in range(4):
        one.grad = torch.randn(5, 4, generator=rng, dtype=torch.float64)
        two.grad = one.grad.clone()
        before = one.grad.clone()
        ours.step()
        theirs.step()
        assert torch.equal(one.grad, before)
    assert torch.allclose(one, two, rtol=1e-6) == agree


def test_lars_moves_each_tensor_by_its_own_norm_whatever_the_slopes_scale(rng):
    for scale in (1e-3, 1.0, 1e4):
        w = torch.randn(6, 5, generator=rng, requires_grad=True)
        before = w.detach().clone()
        w.grad = scale * torch.randn(6, 5, generator=rng)
        Lars([w], lr=2.0, momentum=0.0, eta=0.01).step()
        torch.testing.assert_close((w.detach() - before).norm(), 2.0 * 0.01 * before.norm())


def test_lars_survives_weights_or_slopes_of_zero():
    zero, still = torch.zeros(3, 3, requires_grad=True), torch.ones(3, 3, requires_grad=True)
    none = torch.ones(2, 2, requires_grad=True)
    zero.grad, still.grad = torch.ones(3, 3), torch.zeros(3, 3)
    Lars([zero, still, none], lr=0.1, momentum=0.0).step()
    assert torch.allclose(zero, torch.full((3, 3), -0.1))
    assert torch.equal(still, torch.ones(3, 3))
    assert torch.equal(none, torch.ones(2, 2))


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_every_optimiser_goes_on_from_its_state(name):
    whole, first = net(), net()
    straight, _ = build_optimiser(f"{name}()", whole.parameters(), batch=256)
    stopped, _ = build_optimiser(f"{name}()", first.parameters(), batch=256)
    for step in range(3):
        slopes(whole, step), slopes(first, step)
        straight.step(), stopped.step()
    second = net()
    second.load_state_dict(first.state_dict())
    resumed, _ = build_optimiser(f"{name}()", second.parameters(), batch=256)
    resumed.load_state_dict(stopped.state_dict())
    for step in range(3, 6):
        slopes(whole, step), slopes(second, step)
        straight.step(), resumed.step()
    assert all(map(torch.equal, whole.parameters(), second.parameters()))


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_every_optimiser_goes_down_a_bowl(name):
    w = torch.full((4, 4), 3.0, requires_grad=True)
    optimiser, _ = build_optimiser(f"{name}(lr=0.05, rule='none')", [w], batch=1)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = w.square().sum()
        loss.backward()
        losses.append(loss.item())
        optimiser.step()
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_excluded_tensors_lose_nothing_to_decay_and_others_do(name):
    model = net()
    before = [p.detach().clone() for p in model.parameters()]
    text = f"{name}(lr=0.1, weight_decay=0.5, exclude=True, rule='none')"
    optimiser, sentence = build_optimiser(text, model.parameters(), batch=1)
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimiser.step()
    for p, old in zip(model.parameters(), before, strict=True):
        assert torch.equal(p, old) == (p.ndim == 1)
    assert sentence.endswith("weight decay 0.5, none on biases and norms.")


def test_the_defaults_are_the_papers():
    model = net()
    sgd, sentence = build_optimiser("sgd()", model.parameters(), batch=512)
    assert sgd.defaults["lr"] == pytest.approx(0.06)
    assert (sgd.defaults["momentum"], sgd.defaults["weight_decay"]) == (0.9, 1e-4)
    assert "0.03 x 512 / 256 = 0.06 (linear rule)" in sentence
    lars, _ = build_optimiser("lars()", model.parameters(), batch=1024)
    assert lars.param_groups[0]["lr"] == pytest.approx(1.2)
    assert [group["adapt"] for group in lars.param_groups] == [True, False]
    assert [group["weight_decay"] for group in lars.param_groups] == [1e-6, 0.0]
    assert lars.param_groups[0]["eta"] == 0.001
    adamw, _ = build_optimiser("adamw()", model.parameters(), batch=64)
    assert adamw.defaults["lr"] == pytest.approx(0.003)


def test_biases_and_norms_can_have_a_rate_of_their_own_by_the_same_rule():
    made, sentence = build_optimiser(
        "lars(lr=0.2, bias_lr=0.0048)", net().parameters(), batch=2048
    )
    assert [group["lr"] for group in made.param_groups] == pytest.approx([1.6, 0.0384])
    assert "0.0384 for biases and norms" in sentence


def test_a_backbone_rate_is_a_share_of_both_rates():
    model = net()
    made, _ = build_optimiser(
        "lars(lr=0.2, bias_lr=0.01, rule='none')",
        model.parameters(),
        batch=8,
        slow=model[0].parameters(),
        share=0.5,
    )
    rates = {id(p): group["lr"] for group in made.param_groups for p in group["params"]}
    assert [rates[id(p)] for p in model.parameters()] == [0.1, 0.005, 0.01, 0.01, 0.2, 0.01]


def test_parameters_with_a_constant_rate_are_marked_and_the_others_are_not():
    model = net()
    made, _ = build_optimiser("sgd()", model.parameters(), batch=8, constant=model[2].parameters())
    marked = [p for g in made.param_groups if g.get("constant") for p in g["params"]]
    assert [id(p) for p in marked] == [id(p) for p in model[2].parameters()]


def test_every_trained_tensor_is_in_one_group_and_frozen_ones_in_none():
    model = net()
    model[0].requires_grad_(False)
    optimiser, _ = build_optimiser("lars()", model.parameters(), batch=8)
    held = [id(p) for group in optimiser.param_groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize(("rule", "power"), [("linear", 1), ("sqrt", 0.5), ("none", 0)])
@pytest.mark.parametrize("batch", [32, 256, 4096])
def test_rates_follow_the_power_of_the_batch(rule, power, batch):
    rate, sentence = learning_rate(0.4, batch, rule=rule)
    assert rate == pytest.approx(0.4 * (batch / 256) ** power)
    assert f"{rate:g}" in sentence
    assert learning_rate(0.4, batch, rule=rule, per=batch)[0] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("sdg()", "Did you mean 'sgd'"),
        ("sgd(0.1)", "named arguments"),
        ("sgd(weigth_decay=1)", "Did you mean 'weight_decay'"),
        ("lars(fused=True)", "fused"),
        ("sgd(rule='square')", "learning-rate rule"),
        ("sgd(lr=-1)", "lr must be"),
        ("sgd(lr='a')", "but got 'a'"),
        ("sgd(momentum=-1)", "momentum"),
        ("adam(betas=3)", "but got 3"),
        ("sgd(bias_lr=0.1)", "add exclude=True"),
        ("lars(bias_lr=-1)", "must be a finite number above 0"),
        ("muon(bias_lr=0.1)", "bias_lr"),
        ("lars(eta=0)", "eta must be a finite number above 0"),
    ],
)
def test_an_impossible_optimiser_is_refused_in_a_sentence(text, word):
    with pytest.raises(InputError, match=word) as error:
        build_optimiser(text, net().parameters(), batch=8)
    assert "\n" not in str(error.value)


def test_nothing_to_train_is_refused():
    with pytest.raises(InputError, match="nothing to train"):
        build_optimiser("sgd()", net().requires_grad_(False).parameters(), batch=8)


TEXTS = [
    "constant()",
    "cosine()",
    "cosine(warmup=2, floor=0.001)",
    "steps(at=(4, 8), warmup=1)",
    "trapezoid()",
]


@pytest.mark.parametrize("text", TEXTS)
def test_factors_are_shares_that_reach_one_and_depend_on_the_step_alone(text):
    at, again = (build_schedule(text, 100, epoch=10) for _ in range(2))
    forwards = [at(step) for step in range(120)]
    assert forwards == [again(step) for step in reversed(range(120))][::-1]
    assert all(0 <= factor <= 1 for factor in forwards)
    assert forwards[0] > 0
    assert max(forwards) == 1.0
    assert len(set(forwards[100:])) == 1


@pytest.mark.parametrize("floor", [0.0, 0.001, 0.5])
@pytest.mark.parametrize("warmup", [0, 3])
def test_the_cosine_is_its_formula_and_ends_at_its_floor(warmup, floor):
    at = build_schedule(f"cosine(warmup={warmup}, floor={floor})", 200, epoch=10)
    first = 10 * warmup
    for step in range(first):
        assert at(step) == pytest.approx((step + 1) / first)
    for step in range(first, 201):
        wave = (1 + math.cos(math.pi * (step - first) / (200 - first))) / 2
        assert at(step) == pytest.approx(floor + (1 - floor) * wave)
    assert at(200) == pytest.approx(floor)


def test_a_warm_up_climbs_straight_from_where_it_starts():
    at = build_schedule("cosine(warmup=5, start=0.2)", 100, epoch=2)
    climb = [at(step) for step in range(10)]
    assert climb[0] == pytest.approx(0.28)
    assert climb[-1] == 1.0
    gaps = [late - early for early, late in zip(climb, climb[1:], strict=False)]  # noqa: RUF007
    assert max(gaps) - min(gaps) < 1e-12


def test_the_papers_steps_fall_at_epochs_120_and_160():
    at = build_schedule("steps(at=(120, 160), factor=0.1)", 200 * 7, epoch=7)
    for epoch, factor in ((0, 1), (119, 1), (120, 0.1), (159, 0.1), (160, 0.01), (199, 0.01)):
        assert at(epoch * 7) == pytest.approx(factor)
        assert at(epoch * 7 + 6) == pytest.approx(factor)


def test_the_trapezoid_is_level_between_its_shares_and_straight_outside():
    at = build_schedule("trapezoid(rise=0.1, steady=0.7)", 100)
    assert [at(step) for step in range(9, 71)] == [1.0] * 62
    assert [at(step) for step in (0, 4, 85, 100)] == pytest.approx([0.1, 0.5, 0.5, 0.0])


def test_torchs_own_scheduler_takes_the_function_and_resumes():
    def run(steps, state=None, start=0):
        w = torch.ones(1, requires_grad=True)
        optimiser, _ = build_optimiser("sgd(rule='none')", [w], batch=1)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, build_schedule("cosine(warmup=2)", 20)
        )
        if state:
            optimiser.load_state_dict(state[0]), schedule.load_state_dict(state[1])
        rates = []
        for _ in range(start, steps):
            rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step(), schedule.step()
        return rates, (optimiser.state_dict(), schedule.state_dict())

    whole, _ = run(20)
    first, state = run(7)
    assert first + run(20, state, 7)[0] == whole


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("cosin()", "Did you mean 'cosine'"),
        ("cosine(10)", "named arguments"),
        ("cosine(warmup=100)", "1000 steps, but the run has 100"),
        ("cosine(warmpu=1)", "warmpu"),
        ("cosine(floor='a')", "cosine"),
        ("steps(at=(8, 4))", "rising order"),
        ("steps(at=3)", "rising order"),
    ],
)
def test_an_impossible_schedule_is_refused_in_a_sentence(text, word):
    with pytest.raises(InputError, match=word) as error:
        build_schedule(text, 100, epoch=10)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="at least one step"):
        build_schedule("cosine()", 0)
