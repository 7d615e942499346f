"""Each learner's loss is what its paper says, written out by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.objectives.catalogue import TRAINED
from goodviews.training import Settings, change
from goodviews.training.learners import Batch, build_learner
from goodviews.training.memory import shuffle_order
from goodviews.training.objective import build_objective

PAIRS = [name for name, record in TRAINED.items() if record.kind == "pair"]
BASE = Settings(encoder="convnet(width=4)", head="linear(dim=6)", device="cpu", batch=8)


def batch(count=8, channels=(3, 3), seed=0, **more):
    generator = torch.Generator().manual_seed(seed)
    v1, v2 = (torch.rand(count, c, 16, 16, generator=generator) for c in channels)
    words = Key.of(seed=seed, samples=torch.arange(count)).words
    return Batch(v1, v2, torch.arange(count), words, 0, **more)


def learner(changes, some=None, *, shared=True, classes=0, images=20):
    some = some or batch()
    return build_learner(
        change(BASE, changes),
        some.v1,
        some.v2,
        shared=shared,
        images=images,
        steps=10,
        seed=1,
        classes=classes,
    )


def unit(tensor):
    return F.normalize(tensor, dim=1)


def test_moco_contrasts_queries_with_slow_keys_and_the_queue():
    some = batch()
    made = learner(["memory=queue(size=12)", "momentum=0.5"])
    stored = made.queues[0].keys.clone()
    loss = made(some)
    query = unit(made.encoders.embed(0, some.v1))
    with torch.no_grad():
        key = unit(made.target.module.embed(1, some.v2))
    logits = torch.cat([(query * key).sum(1, keepdim=True), query @ stored.T], dim=1) / 0.1
    wanted = F.cross_entropy(logits, torch.zeros(8, dtype=torch.long))
    assert torch.allclose(loss, wanted, atol=1e-5)
    loss.backward()
    assert all(p.grad is None for p in made.target.parameters())
    made.after()
    assert torch.allclose(made.queues[0].keys[:8], key, atol=1e-6)
    assert torch.equal(made.queues[0].keys[8:], stored[8:])


def test_a_queue_takes_the_keys_of_an_accumulated_batch_once():
    made = learner(["memory=queue(size=12)", "momentum=0.5"])
    for seed in (0, 1):
        made(batch(4, seed=seed)).backward()
    assert made.queues[0].filled == 0
    made.after()
    assert made.queues[0].filled == 8
    assert not made.waiting


def test_keys_of_an_accumulated_batch_are_normalised_in_shuffled_groups_over_all_parts():
    made = learner(["memory=queue(size=12)", "momentum=0.5"])
    parts = [batch(4, seed=seed) for seed in (0, 1)]
    made.before(parts)
    with torch.no_grad():
        slow = made.target.module
        views = torch.cat([part.v2 for part in parts])
        order = shuffle_order(8, seed=made.seed, step=0)
        groups = [unit(slow.embed(1, views[some])) for some in order.chunk(2)]
        wanted = torch.empty(8, 6).index_copy_(0, order, torch.cat(groups))
        apart = torch.cat([unit(slow.embed(1, part.v2)) for part in parts])
    keys = torch.cat([side[0] for side in made.ready])
    assert torch.allclose(keys, wanted, atol=1e-6)
    assert not torch.allclose(keys, apart, atol=1e-3)
    for part in parts:
        made(part).backward()
    made.after()
    assert torch.allclose(made.queues[0].keys[:8], keys, atol=1e-6)
    assert not made.ready


def test_instance_discrimination_contrasts_with_the_images_own_entry():
    some = batch()
    made = learner(["memory=bank(negatives=7)"])
    bank = made.banks[0]
    before = bank.entries.clone()
    loss = made(some)
    drawn = bank.negatives(some.key.fold(3), 7, without=some.places[:, None])
    query = unit(made.encoders.embed(0, some.v1))
    positive = (query * before[:8]).sum(1, keepdim=True)
    logits = torch.cat([positive, (drawn @ query[:, :, None])[:, :, 0]], dim=1) / 0.1
    wanted = F.cross_entropy(logits, torch.zeros(8, dtype=torch.long))
    assert torch.allclose(loss, wanted, atol=1e-5)
    made.after()
    assert torch.allclose(bank.entries[:8], unit(0.5 * before[:8] + 0.5 * query), atol=1e-6)
    assert torch.equal(bank.entries[8:], before[8:])


@pytest.mark.parametrize("memory", ["bank(negatives=7)", "queue(size=12)"])
def test_colour_groups_meet_each_other_and_their_losses_add(memory):
    some = batch(channels=(1, 2))
    made = learner([f"memory={memory}", "momentum=0.5"], some, shared=False)
    loss = made(some)
    z1, z2 = (unit(made.encoders.embed(i, v)) for i, v in enumerate((some.v1, some.v2)))
    total = 0.0
    for side, query in enumerate((z1, z2)):
        other = 1 - side
        if memory.startswith("bank"):
            stored = made.banks[other]
            positive = stored.entries[:8]
            drawn = stored.draw(some.key.fold(3 + side), 7, without=some.places[:, None])
            negatives = (stored.entries[drawn] @ query[:, :, None])[:, :, 0]
        else:
            positive = unit(made.target.module.embed(other, (some.v1, some.v2)[other]))
            negatives = query @ made.queues[other].keys.T
        logits = torch.cat([(query * positive).sum(1, keepdim=True), negatives], 1) / 0.1
        total = total + F.cross_entropy(logits, torch.zeros(8, dtype=torch.long))
    assert torch.allclose(loss, total, atol=1e-5)
    made.after()
    if memory.startswith("queue"):  # each queue holds the keys of its own side
        own = unit(made.target.module.embed(0, some.v1))
        assert not torch.allclose(made.queues[0].keys[:8], made.queues[1].keys[:8])
        # The target moved in the same call, after the keys were made.
        assert (made.queues[0].keys[:8] * own).sum(1).min() > 0.5


def test_the_jigsaw_branch_shares_key_and_negatives_and_has_its_weight():
    pieces = torch.rand(8, 9, 3, 8, 8)
    some = batch()._replace(jigsaw=pieces)
    changes = ["memory=queue(size=12)", "momentum=0.5", "jigsaw=jigsaw()"]
    losses = {}
    for beta in (0.0, 0.3, 1.0):
        made = learner([*changes, f"jigsaw_weight={beta}"])
        losses[beta] = made(some).item()
    plain = learner(changes[:2])(some).item()
    assert losses[0.0] == pytest.approx(plain, abs=1e-5)
    assert losses[0.3] == pytest.approx(0.7 * losses[0.0] + 0.3 * losses[1.0], abs=1e-5)
    assert losses[1.0] != pytest.approx(plain, abs=1e-3)


def test_byol_regresses_onto_the_slow_encoder_and_simsiam_onto_itself():
    some = batch()
    for name in ("byol", "simsiam"):
        extra = ["momentum=0.5"] if name == "byol" else []
        made = learner([f"objective={name}()", "predictor=predictor(hidden=4)", *extra])
        loss = made(some)
        z1, z2 = made.encoders(some.v1, some.v2)
        p1, p2 = made.predictor(torch.cat([z1, z2])).chunk(2)
        t1, t2 = made.target.module(some.v1, some.v2) if made.target else (z1, z2)
        both = F.cosine_similarity(p1, t2) + F.cosine_similarity(p2, t1)
        wanted = 4 - 2 * both if name == "byol" else -both / 2
        assert torch.allclose(loss, wanted.mean(), atol=1e-5)


def test_embeddings_that_are_nothing_cost_swav_the_logarithm_of_its_prototypes():
    made = learner(["objective=swav()", "prototypes=5"])
    for parameter in made.encoders.projectors.parameters():
        torch.nn.init.zeros_(parameter)
    made.before([batch()])
    assert made(batch()).item() == pytest.approx(np.log(5), abs=1e-5)


def test_prototypes_are_unit_rows_in_a_step_and_have_no_gradient_while_frozen():
    made = learner(["objective=swav()", "prototypes=5", "prototypes_frozen=16"])  # 2 of 10 steps
    assert made.frozen == 2
    for step in range(4):
        some = batch()._replace(step=step)
        with torch.no_grad():
            made.prototypes.vectors.mul_(3)
        made.before([some])
        assert torch.allclose(made.prototypes.vectors.norm(dim=1), torch.ones(5))
        made(some).backward()
        made.gradients()
        assert (made.prototypes.vectors.grad is None) == (step < 2)
        assert all(p.grad is not None for p in made.encoders.parameters())
        made.after()
        made.zero_grad()


def test_past_embeddings_count_only_once_their_queue_is_full():
    changes = ["objective=swav()", "prototypes=5", "memory=queue(size=12, start=8)"]
    made, plain = learner(changes), learner(changes[:2])
    losses = []
    for step in range(5):  # pushed from step 1, full after step 2
        some = batch(seed=step)._replace(step=step)
        for one in (made, plain):
            one.before([some])
        losses.append((made(some).item(), plain(some).item()))
        for one in (made, plain):
            one.after()
    assert [one == other for one, other in losses] == [True, True, True, False, False]


@pytest.mark.parametrize("each", [True, False])
def test_no_image_is_its_own_negative(each):
    made = learner([f"memory=bank(negatives=40, each={each})"], images=12)
    drawn = []
    draw = made.banks[0].draw
    made.banks[0].draw = lambda *args, **more: drawn.append(draw(*args, **more)) or drawn[-1]
    some = batch()
    made(some)
    (places,) = drawn
    assert places.shape == (8 if each else 1, 40)
    assert not (places == some.places[:, None]).any()
    assert set(places.flatten().tolist()) == (set(range(12)) if each else {8, 9, 10, 11})


@pytest.mark.parametrize("name", PAIRS)
def test_every_loss_of_two_views_trains_the_encoder(name):
    option = "sub_batch=8, eps=0.1" if name == "wmse" else ""
    made = learner([f"objective={name}({option})"])
    made(batch()).backward()
    grads = [p.grad for p in made.encoders.parameters()]
    assert all(g is not None and torch.isfinite(g).all() for g in grads)
    assert any(g.abs().max() > 0 for g in grads)


def test_labels_are_learned_from_where_the_method_says_so():
    labels = torch.arange(8) % 2
    for changes, classes in ((["objective=supcon()"], 0), (["objective=cross_entropy()"], 2)):
        made = learner(changes, classes=classes)
        assert torch.isfinite(made(batch(labels=labels)))
        with pytest.raises(InputError, match="have none"):
            made(batch())
    with pytest.raises(InputError, match="have none"):
        learner(["objective=cross_entropy()"])


def test_cpc_predicts_rows_below_and_knows_nothing_of_shuffled_images():
    patches = torch.rand(8, 9, 3, 8, 8)
    some = batch()._replace(v1=patches, v2=patches)
    made = learner(["objective=cpc(temperature=0.1)"], some)
    loss = made(some)
    loss.backward()
    assert made.steps == 2
    assert all(p.grad is not None for p in made.encoders.parameters())
    # A constant code tells nothing: log of the candidates, N S (R - k) at distance k.
    for parameter in made.encoders.projectors.parameters():
        torch.nn.init.zeros_(parameter)
    wanted = np.mean([np.log(8 * 3 * (3 - below)) for below in (1, 2)])
    assert made(some).item() == pytest.approx(wanted, abs=1e-4)
    with pytest.raises(InputError, match="grid of patches"):
        learner(["objective=cpc()"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["memory=quque(size=8)"], "Did you mean 'queue'"),
        (["objective=swav()"], "needs prototypes"),
        (["objective=swav()", "prototypes=5", "memory=bank()"], "queue"),
        (["memory=queue(size=8, start=3)", "momentum=0.9"], "start"),
        (["memory=queue(sise=8)", "momentum=0.9"], "Did you mean 'size'"),
        (["memory=queue(size=8)"], "needs a momentum"),
        (["memory=queue(size=8)", "momentum=0.9", "objective=vicreg()"], "does not use stored"),
        (["objective=infonse()"], "Did you mean 'infonce'"),
    ],
)
def test_contradictions_get_a_sentence(changes, said):
    with pytest.raises(InputError, match=said):
        learner(changes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("batsh=8", "Did you mean 'batch'"),
        ("batch", "such as batch=64"),
        ("batch=many", "must be a whole number"),
        ("batch=0", "above 0"),
        ("compile=maybe", "true or false"),
        ("momentum=2", "from 0 to 1"),
        ("prototypes_frozen=-1", "at least 0"),
        ("accumulate=3", "a multiple of accumulate"),
    ],
)
def test_settings_that_cannot_be_get_a_sentence(text, said):
    with pytest.raises(InputError, match=said):
        change(BASE, [text])


def test_an_objective_keeps_its_options():
    assert build_objective("vicreg(scale='code')").options == {"scale": "code"}
