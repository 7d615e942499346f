import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.worlds.blocks import Blocks


def test_a_graph_is_the_same_in_any_batch():
    world = Blocks(nodes=30, communities=3)
    whole = world.sample(torch.arange(4), seed=1)
    alone = world.sample(torch.tensor([2]), seed=1)
    own = whole.graph == 2
    assert torch.equal(whole.community[own], alone.community)
    assert torch.equal(whole.features[own], alone.features)
    assert torch.equal(whole.degree[own], alone.degree)
    edges = whole.edge_index[:, own[whole.edge_index[0]]] - 60
    assert torch.equal(edges, alone.edge_index)
    assert not torch.equal(world.sample(torch.tensor([2]), seed=2).community, alone.community)


def test_edges_run_both_ways_stay_in_their_graph_and_form_no_loops():
    graphs = Blocks(nodes=25).sample(torch.arange(6), seed=0)
    there = set(map(tuple, graphs.edge_index.T.tolist()))
    assert there == {(b, a) for a, b in there}
    assert len(there) == graphs.edge_index.shape[1]
    assert all(a != b for a, b in there)
    a, b = graphs.graph[graphs.edge_index]
    assert torch.equal(a, b)


@pytest.mark.parametrize("degrees", [1, 3])
def test_pairs_are_joined_as_often_as_the_model_says(degrees):
    world = Blocks(nodes=40, communities=2, degrees=degrees, within=0.3, between=0.1)
    graphs = world.sample(torch.arange(200), seed=0)
    n = world.nodes
    community, degree = graphs.community.reshape(200, n), graphs.degree.reshape(200, n)
    joined = torch.zeros(200, n, n)
    a, b = graphs.edge_index
    joined[graphs.graph[a], a % n, b % n] = 1
    row, column = torch.triu_indices(n, n, offset=1)
    alike = community[:, row] == community[:, column]
    weight = world.weights
    for same, rate in ((True, world.within), (False, world.between)):
        for d in range(degrees):
            chosen = (alike == same) & (degree[:, row] == d) & (degree[:, column] == d)
            chance = float(rate * weight[d] ** 2)
            found = float(joined[:, row, column][chosen].mean())
            error = math.sqrt(chance * (1 - chance) / int(chosen.sum()))
            assert abs(found - chance) < 4 * error


def test_symbols_say_as_much_of_the_community_as_the_closed_form():
    world = Blocks(nodes=50, communities=3, fidelity=0.8)
    graphs = world.sample(torch.arange(100), seed=0)
    symbol = graphs.features.argmax(dim=1)
    right = float((symbol == graphs.community).float().mean())
    assert abs(right - 0.8) < 4 * math.sqrt(0.16 / 5000)
    wrong = symbol[symbol != graphs.community] - graphs.community[symbol != graphs.community]
    assert abs(float((wrong % 3 == 1).float().mean()) - 0.5) < 4 * math.sqrt(0.25 / len(wrong))
    nats = math.log(3) + 0.8 * math.log(0.8) + 0.2 * math.log(0.1)
    assert world.feature_nats == pytest.approx(nats)
    assert Blocks(fidelity=1.0).feature_nats == pytest.approx(Blocks().label_nats)
    assert Blocks(fidelity=0.5).feature_nats == pytest.approx(0, abs=1e-12)


def test_graphs_that_cannot_be_are_refused():
    with pytest.raises(InputError, match=r"within=0\.9"):
        Blocks(within=0.9)
    with pytest.raises(InputError, match="nodes=1"):
        Blocks(nodes=1)
    with pytest.raises(InputError, match="fidelity"):
        Blocks(fidelity=-0.1)
