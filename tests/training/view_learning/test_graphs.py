"""View learning on graphs: what is learned, what stops it, and that a stopped run resumes."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data.graphs.graph_set import make_graphs
from goodviews.graphs import from_networkx
from goodviews.training.view_learning.graph_game import GraphGame
from goodviews.training.view_learning.graph_learn import learn_graph_views
from goodviews.training.view_learning.graph_looks import (
    GRAPH_GAME_VERDICTS,
    GraphLook,
    graph_verdict,
)
from goodviews.training.view_learning.graph_players import Aim, GraphPlayers
from goodviews.views.generators import save_generator
from goodviews.views.graphs import GraphKey, parse_graph_view

SMALL = {"encoder": "gcn(width=8)", "head": "mlp(dim=8)", "batch": 64, "warm_up": 2}
PLACES = np.arange(80)
CLASSES = torch.arange(80) // 40


def blocks(*, features=None):
    net = nx.stochastic_block_model([40, 40], [[0.3, 0.02], [0.02, 0.3]], seed=0)
    noise = torch.rand(80, 12, generator=torch.Generator().manual_seed(0))
    return replace(from_networkx(net), features=noise if features is None else features)


def learned(graph, **more):
    aim = more.pop("aim", None)
    game = GraphGame(**(SMALL | {"mode": "unsupervised", "steps": 40} | more))
    return learn_graph_views(graph, PLACES[:64], game=game, seed=0, held_out=PLACES[64:], aim=aim)


@pytest.mark.parametrize("encoder", ["gcn(width=8)", "gin(width=8)", "sage(width=8)"])
def test_a_relaxed_view_is_the_view_of_the_saved_generator(encoder, tmp_path):
    graph = blocks()
    game = GraphGame(**(SMALL | {"mode": "unsupervised", "encoder": encoder}))
    players = GraphPlayers(game, graph, aim=None, seed=0)
    hash = save_generator(tmp_path / "g.safetensors", players.generator, {})
    pair = parse_graph_view(f"learned_drops('{tmp_path}/g.safetensors', hash='{hash}')")
    key = GraphKey(3, epoch=5)
    soft = [one.apply(graph) for one in players.views(graph, key, players.rates(graph))]
    for one, other in zip(soft, pair(graph, seed=3, epoch=5), strict=True):
        assert one.weights.requires_grad
        torch.testing.assert_close(
            players.encoders.represent(one), players.encoders.represent(other)
        )


def test_the_gradient_of_the_information_is_reversed_for_the_generator_only():
    graph = blocks()
    game = GraphGame(**(SMALL | {"mode": "unsupervised"}))
    players = GraphPlayers(game, graph, aim=None, seed=0)
    found = []
    for turned in (False, True):
        players.zero_grad()
        draws = players.views(graph, GraphKey(0), players.rates(graph))
        players.shared([one.apply(graph, turned=turned) for one in draws], None).backward()
        found.append(
            [players.generator.columns.grad.clone(), next(players.encoders.parameters()).grad]
        )
    torch.testing.assert_close(found[0][0], -found[1][0])
    torch.testing.assert_close(found[0][1], found[1][1])
    assert bool(found[0][0].abs().sum() > 0)


def test_without_information_and_labels_the_kept_share_is_the_one_asked_for():
    aim = Aim(torch.arange(64), CLASSES[:64])
    made = learned(
        blocks(),
        mode="supervised",
        label_weight=0.0,
        keep=0.5,
        steps=40,
        warm_up=0,
        generator_rate=0.05,
        aim=aim,
    )
    last = made.history.looks[-1]
    assert last.kept_edges == pytest.approx(0.5, abs=0.02)
    assert last.kept_features == pytest.approx(0.5, abs=0.02)


def test_dropping_that_costs_nothing_drops_and_that_costs_much_does_not():
    free, dear = (
        learned(blocks(), keep=None, drop_weight=cost, steps=40, generator_rate=0.05)
        for cost in (0.0, 200.0)
    )
    last = [made.history.looks[-1] for made in (free, dear)]
    assert last[0].kept_edges < 0.6
    assert last[0].kept_features < 0.6
    assert min(last[1].kept_edges, last[1].kept_features) > 0.97
    assert dear.verdict == "nothing is dropped"


def test_labels_keep_the_column_that_holds_them():
    noise = torch.rand(80, 12, generator=torch.Generator().manual_seed(0))
    features = torch.cat([noise, 3 * CLASSES[:, None].float()], dim=1)
    aim = Aim(torch.arange(64), CLASSES[:64])
    made = learned(
        blocks(features=features),
        mode="supervised",
        aim=aim,
        encoder="mlp(width=8)",
        steps=60,
        keep=0.5,
        drop_weight=1.0,
        generator_rate=0.05,
        give=0.0,
        label_weight=10.0,
    )
    rates = made.generator.column_rates().detach()
    assert float(rates[12]) < float(rates[:12].min())


def test_links_that_are_set_apart_can_be_kept():
    graph = blocks()
    ends = torch.randint(80, (2, 100), generator=torch.Generator().manual_seed(1))
    pairs = torch.cat([graph.edges[:, :100], ends], dim=1)
    truth = (torch.arange(200) < 100).long()
    made = learned(graph, mode="semi", aim=Aim(pairs, truth), steps=4)
    last = made.history.looks[-1]
    assert last.image_nats is not None
    assert made.history.steps == 4


def test_graphs_of_a_set_are_examples_where_the_encoder_pools():
    nets = [nx.gnp_random_graph(8, 0.5, seed=number) for number in range(40)]
    graphs = [replace(from_networkx(net), features=torch.rand(8, 3)) for net in nets]
    data = make_graphs("many", graphs, labels={"label": np.arange(40) % 2}, level="graphs")
    game = GraphGame(
        encoder="gin(width=8, layers=2, pool='sum')", head="mlp(dim=8)", batch=16, steps=3
    )
    aim = Aim(torch.arange(20), torch.arange(20) % 2)
    made = learn_graph_views(
        data, np.arange(28), game=game, seed=0, held_out=np.arange(28, 40), aim=aim
    )
    assert made.history.steps == 3
    assert made.history.looks[-1].image_nats is not None


def test_a_stopped_run_resumes_with_the_same_steps(tmp_path):
    graph, places = blocks(), PLACES
    game = GraphGame(**(SMALL | {"mode": "unsupervised", "steps": 8, "look_every": 2}))
    whole = learn_graph_views(graph, places[:64], game=game, seed=0, held_out=places[64:])

    class Stopped(Exception):
        pass

    def stop(_, history):
        if history.steps == 5:
            raise Stopped

    options = {"game": game, "seed": 0, "held_out": places[64:], "folder": tmp_path}
    with pytest.raises(Stopped):
        learn_graph_views(graph, places[:64], watch=stop, **options)
    again = learn_graph_views(graph, places[:64], **options)
    assert again.history.losses == whole.history.losses
    assert again.history.looks == whole.history.looks
    torch.testing.assert_close(again.generator.column_rates(), whole.generator.column_rates())


def test_verdicts_name_what_to_do():
    first = GraphLook(0, 4.0, 0.1, 0.7, 0.7)
    label = {"first_nats": 0.1, "second_nats": 0.2, "image_nats": 1.5, "lost_nats": 1.4}
    for last, said in (
        (GraphLook(9, 4.0, 0.1, 0.7, 0.7), "fine"),
        (GraphLook(9, 4.0, 0.1, 0.99, 1.0), "nothing is dropped"),
        (GraphLook(9, 4.0, 0.1, 0.1, 0.1), "everything is dropped"),
        (GraphLook(9, 0.1, 0.1, 0.5, 0.5), "the encoders lost"),
        (GraphLook(9, 0.1, 0.1, 0.5, 0.5, **label, lost_stderr=0.01), "the label is lost"),
    ):
        assert graph_verdict([first, last], give=0.5, ceiling=5.0) == said
        assert said in GRAPH_GAME_VERDICTS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mode": "labels"}, "mode"),
        ({"sides": "two"}, "sides"),
        ({"encoder": "gat(width=8)"}, "gat does not use weights"),
        ({"keep": 1.5}, "keep must be"),
        ({"drop_weight": -1.0}, "drop_weight must be"),
        ({"steps": 0}, "steps must be"),
        ({"relaxation": 0.0}, "relaxation must be"),
    ],
)
def test_settings_that_cannot_be_used_say_why(change, said):
    with pytest.raises(InputError, match=said):
        GraphGame(**change)


def test_what_is_missing_is_named():
    with pytest.raises(InputError, match="mode=unsupervised"):
        learned(blocks(), mode="semi")
    with pytest.raises(InputError, match="only one graph"):
        learned(blocks(), encoder="gin(width=8, pool='sum')")
    with pytest.raises(InputError, match="one class"):
        learned(blocks(), mode="semi", aim=Aim(torch.arange(9), torch.zeros(9).long()))
