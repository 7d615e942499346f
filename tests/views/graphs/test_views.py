"""Views of graphs: rates, replay, the same draw in the whole graph, its parts and any batch."""

import math

import networkx as nx
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.graphs import batch_graphs, centrality, from_networkx, make_graph, part_of
from goodviews.views import parse_view
from goodviews.views.graphs import GraphKey, parse_graph_view
from goodviews.views.graphs.rates import column_rates, edge_rates

SPECS = (
    *("drop_edges(0.4)", "drop_edges(0.4, each_way=True)", "drop_edges(0.3, by='degree')"),
    *("drop_edges(0.3, by='pagerank', each_way=True)", "drop_edges(0.3, by='eigenvector')"),
    *("add_edges(0.5)", "mask_features(0.4)", "mask_features(0.4, by='entry')"),
    *("mask_features(0.4, by='node', fill='noise')", "mask_features(0.3, by='degree')"),
    *("drop_nodes(0.3)", "walk(0.5)", "diffuse()", "diffuse(kind='heat', t=2.0, top=4)"),
)
LOCAL = [spec for spec in SPECS if not spec.startswith(("walk", "diffuse"))]


def network(nodes=200, edges=700, seed=0, features=24, **given):
    made = from_networkx(nx.gnm_random_graph(nodes, edges, seed=seed))
    table = torch.rand(nodes, features, generator=torch.Generator().manual_seed(seed))
    return make_graph(made.edges, table, **given)


def draw(spec, graph, seed=0, epoch=0, whole=None):
    return parse_graph_view(spec)(graph, seed=seed, epoch=epoch, whole=whole)


def named(graph):
    """Edges of a graph by the names of their ends, with weights."""
    return {
        (int(u), int(v)): round(float(weight), 5)
        for (u, v), weight in zip(
            graph.node_names[graph.edges].T, graph.edge_weights, strict=False
        )
    }


def within(found, rate, count):
    """Whether a share is within three standard errors of a rate."""
    return abs(found - rate) <= 3 * math.sqrt(rate * (1 - rate) / count)


@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_parses_prints_and_replays(spec):
    pair, graph = parse_graph_view(spec), network(60, 150)
    assert repr(pair) == spec
    assert repr(parse_graph_view(repr(pair.first.steps[0])).first.steps[0]) == repr(
        pair.first.steps[0]
    )
    params = pair.first.sample(graph, GraphKey(seed=3, epoch=1))
    one, two = pair.first.apply(graph, params), pair.first.apply(graph, params)
    assert torch.equal(one.edges, two.edges)
    assert torch.equal(one.features, two.features)
    again, other = draw(spec, graph, seed=3, epoch=1)
    assert torch.equal(again.edges, one.edges)
    if params:
        moved = draw(spec, graph, seed=3, epoch=2)[0]
        assert any(
            a.shape != b.shape or not torch.equal(a, b)
            for view in (other, moved)
            for a, b in ((view.edges, one.edges), (view.features, one.features))
        )


@pytest.mark.parametrize("spec", LOCAL)
def test_a_part_gets_the_draw_of_the_whole(spec):
    whole = network()
    nodes = torch.randperm(whole.nodes, generator=torch.Generator().manual_seed(1))[:90]
    part = part_of(whole, nodes)
    for of_whole, of_part in zip(draw(spec, whole), draw(spec, part, whole=whole), strict=True):
        inside = part_of(of_whole, torch.isin(of_whole.node_names, part.names))
        assert torch.equal(inside.names, of_part.node_names)
        assert named(inside) == named(of_part)
        assert torch.equal(inside.features, of_part.features)


@pytest.mark.parametrize("spec", SPECS)
def test_a_graph_gets_the_same_draw_in_any_batch(spec):
    graphs, start = [], 0
    for number, size in enumerate((20, 35, 28)):
        graph = network(size, 2 * size, seed=number)
        graphs.append(
            type(graph)(
                graph.features,
                graph.edges,
                names=torch.arange(start, start + size),
                numbers=torch.tensor([number]),
            )
        )
        start += size
    alone = draw(spec, graphs[1])[0]
    for order in ((0, 1, 2), (2, 1), (1, 0)):
        batch = draw(spec, batch_graphs([graphs[place] for place in order]))[0]
        own = part_of(batch, batch.graph_of == order.index(1))
        assert torch.equal(own.names, alone.node_names)
        assert named(own) == named(alone)
        assert torch.allclose(own.features, alone.features)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.7, 1.0])
def test_uniform_rates_are_those_asked(p):
    graph = make_graph(network(400, 4000).edges, torch.ones(400, 300))
    edges = 1 - draw(f"drop_edges({p})", graph)[0].edges.shape[1] / 4000
    ways = 1 - draw(f"drop_edges({p}, each_way=True)", graph)[0].edges.shape[1] / 8000
    columns = 1 - draw(f"mask_features({p})", graph)[0].features[0].mean()
    entries = 1 - draw(f"mask_features({p}, by='entry')", graph)[0].features.mean()
    nodes = 1 - draw(f"mask_features({p}, by='node')", graph)[0].features[:, 0].mean()
    for found, count in ((edges, 4000), (ways, 8000), (columns, 300), (entries, 120_000)):
        assert within(float(found), p, count)
    assert within(float(nodes), p, 400)
    if p < 1:
        left = draw(f"drop_nodes({p})", graph)[0].nodes
        assert within(1 - left / 400, p, 400)


def test_both_directions_are_dropped_together_unless_asked():
    graph = network()
    view = draw("drop_edges(0.4)", graph)[0]
    assert not view.directed
    pairs = {tuple(edge) for edge in view.edge_index.T.tolist()}
    assert pairs == {(v, u) for u, v in pairs}
    apart = draw("drop_edges(0.4, each_way=True)", graph)[0]
    arrows = {tuple(edge) for edge in apart.edges.T.tolist()}
    lonely = sum((v, u) not in arrows for u, v in arrows) / len(arrows)
    assert within(lonely, 0.4, len(arrows))


@pytest.mark.parametrize("by", ["degree", "pagerank", "eigenvector"])
def test_rates_by_centrality_are_the_formula_and_the_mean_of_many_draws(by):
    graph = from_networkx(nx.barabasi_albert_graph(60, 3, seed=0))
    size = (1 + centrality(graph, by)).log()
    pair = size[graph.edges].mean(0)
    expected = (0.3 * (pair.max() - pair) / (pair.max() - pair.mean())).clamp(max=0.7).float()
    rates = edge_rates(graph, graph, graph.edges, by, 0.3, sink=False)
    assert torch.allclose(rates, expected, atol=1e-5)
    step = parse_graph_view(f"drop_edges(0.3, by={by!r})").first
    draws = [step.sample(graph, GraphKey(seed=seed)) for seed in range(200)]
    dropped = 1 - torch.stack([one["0.drop_edges.keep"].float() for one in draws]).mean(0)
    off = (dropped - rates).abs() / (rates * (1 - rates) / 200).sqrt().clamp(min=1e-9)
    assert float((off[rates > 0] > 3).float().mean()) < 0.02
    assert float(dropped[rates == 0].sum()) == 0
    hub = centrality(graph, by).argmax()
    at_hub = (graph.edges == hub).any(0)
    assert rates[at_hub].mean() < rates[~at_hub].mean()


def test_columns_of_central_nodes_are_kept_and_equal_columns_have_the_rate():
    star = make_graph([[0] * 9, range(1, 10)], torch.eye(10))
    rates = column_rates(star, star, "degree", 0.3)[0]
    assert rates[0] == 0
    assert float(rates[1:].min()) > 0
    even = make_graph([[0], [1]], torch.ones(2, 5))
    assert column_rates(even, even, "degree", 0.3).tolist() == [[pytest.approx(0.3)] * 5]


@pytest.mark.parametrize("directed", [False, True])
def test_each_pair_without_an_edge_gets_one_with_the_same_probability(directed):
    graph = make_graph([[0, 0, 1, 2], [1, 2, 2, 3]], nodes=7, directed=directed)
    pairs = 42 if directed else 21
    chance = 1.5 * 4 / (pairs - 4)
    counts, draws = torch.zeros(7, 7), 3000
    step = parse_graph_view("add_edges(1.5)").first
    for seed in range(draws):
        added = step.sample(graph, GraphKey(seed=seed))["0.add_edges.added"]
        counts[added[0], added[1]] += 1
    assert counts.diagonal().sum() == 0
    assert counts[graph.edges[0], graph.edges[1]].sum() == 0
    free = ~torch.eye(7, dtype=torch.bool)
    free[graph.edges[0], graph.edges[1]] = False
    if not directed:
        assert counts.tril().sum() == 0
        free = free.triu()
    share = counts[free] / draws
    error = math.sqrt(chance * (1 - chance) / draws)
    assert len(share) == pairs - 4
    assert float(((share - chance).abs() > 3 * error).float().mean()) < 0.06
    assert abs(float(share.mean()) - chance) < 3 * error / math.sqrt(len(share))


def test_a_walk_meets_its_share_of_one_component_first():
    ring = from_networkx(nx.disjoint_union(nx.cycle_graph(50), nx.cycle_graph(50)))
    view = draw("walk(0.3)", ring)[0]
    assert view.nodes == 30
    assert len(set((view.names // 50).tolist())) == 1
    path = nx.Graph(view.edges.T.tolist())
    assert nx.is_connected(path)
    assert path.number_of_nodes() == 30
    lonely = make_graph([[0], [1]], nodes=40)
    assert draw("walk(0.5)", lonely)[0].nodes == 20


def test_a_graph_keeps_a_node_when_all_would_be_dropped():
    graphs = batch_graphs([make_graph([[0], [1]], nodes=2)] * 50)
    view = draw("drop_nodes(0.99)", graphs)[0]
    assert view.member.unique().tolist() == list(range(50))


@pytest.mark.parametrize("kind", ["ppr", "heat"])
def test_diffusion_is_its_closed_form(kind):
    graph = network(40, 90)
    net = torch.eye(40, dtype=torch.float64)
    net[graph.edge_index[0], graph.edge_index[1]] = 1
    scale = net.sum(1) ** -0.5
    step = scale[:, None] * net * scale
    eye = torch.eye(40, dtype=torch.float64)
    if kind == "ppr":
        expected = 0.15 * torch.linalg.inv(eye - 0.85 * step)
    else:
        expected = torch.linalg.matrix_exp(5 * (step - eye))
    view = draw(f"diffuse(kind={kind!r}, top=40)", graph)[0]
    found = torch.zeros(40, 40)
    found[view.edges[0], view.edges[1]] = view.weights
    assert torch.allclose(found.double(), expected.triu(1), atol=1e-6)
    few = draw(f"diffuse(kind={kind!r}, top=3)", graph)[0]
    expected.fill_diagonal_(0)
    best = {tuple(sorted((i, j))) for i in range(40) for j in expected[i].topk(3).indices.tolist()}
    assert {tuple(pair) for pair in few.edges.T.tolist()} == best
    assert few is draw(f"diffuse(kind={kind!r}, top=3)", graph)[1]


def test_noise_has_the_moments_of_the_public_code():
    graph = make_graph([[0], [1]], torch.full((2000, 4), 9.0))
    view = draw("mask_features(1.0, by='node', fill='noise')", graph)[0].features
    assert abs(float(view.mean()) - 0.5) < 3 * 0.5 / 8000**0.5
    assert abs(float(view.std()) - 0.5) < 3 * 0.5 / 16000**0.5


@pytest.mark.parametrize("name", ["grace", "gca", "bgrl", "ccassg", "graphcl"])
def test_presets_take_a_strength_from_nothing_to_as_written(name):
    graph = network(80, 200)
    still = draw(f"{name}(strength=0)", graph)
    for view in still:
        assert named(view).keys() >= named(graph).keys()
        assert torch.equal(view.features, graph.features)
    pair, written = parse_graph_view(f"{name}()"), parse_graph_view(f"{name}(strength=1)")
    assert repr(pair) == f"{name}()"
    for one, two in zip(
        pair(graph, seed=0, epoch=0), written(graph, seed=0, epoch=0), strict=True
    ):
        assert torch.equal(one.edges, two.edges)
    half, full = draw(f"{name}(strength=0.5)", graph)[0], draw(f"{name}()", graph)[0]
    assert half.edges.shape[1] > full.edges.shape[1]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("crop()", r"crop\(\) is a view of images, but a view of graphs is expected here"),
        ("drop_edges(0.2)|flip()", r"flip\(\) is a view of images"),
        ("drop_edge(0.2)", "Did you mean 'drop_edges'"),
        ("drop_edges(1.2)", "must be from 0 to 1"),
        ("drop_edges(0.2, by='degrees')", "Did you mean 'degree'"),
        ("drop_edges(0.4, strength=3)", "its strength can be at most 2.5, but got 3"),
        ("mask_features(0.3, by='row')", "Unknown value of by in mask_features 'row'"),
        ("mask_features(0.3, fill='mean')", "Known: noise, zero"),
        ("drop_nodes(1.0)", "expected 0 to below 1"),
        ("walk(0.0)", "expected above 0 and at most 1"),
        ("walk(0.5, strength=2)", "strength must be below 2"),
        ("add_edges(-1)", "a share of at least 0"),
        ("diffuse(kind='ppt')", "Did you mean 'ppr'"),
        ("diffuse(alpha=1)", "between 0 and 1"),
        ("diffuse(strength=0.5)", "Unknown argument of diffuse 'strength'"),
        ("drop_edges({0.1, 0.2})", "is a family of views"),
    ],
)
def test_bad_specs_are_answered_in_one_sentence(spec, sentence):
    with pytest.raises(InputError, match=sentence):
        parse_graph_view(spec)


def test_views_of_graphs_and_images_are_not_mixed():
    for spec in ("drop_edges(0.2)", "grace()", "crop()|drop_nodes()"):
        with pytest.raises(InputError, match="is a view of graphs, but a view of images is"):
            parse_view(spec)
    with pytest.raises(InputError, match=r"given a tensor \(2, 3, 8, 8\); views of images"):
        draw("drop_edges(0.2)", torch.rand(2, 3, 8, 8))
    with pytest.raises(InputError, match="needs features of nodes"):
        draw("mask_features(0.2)", make_graph([[0], [1]], nodes=2))
    with pytest.raises(InputError, match="would add 2 edges, but only 1 pairs"):
        draw("add_edges(1.0)", make_graph([[0, 1], [1, 2]], nodes=3))
    with pytest.raises(InputError, match="needs an undirected graph"):
        draw("diffuse()", make_graph([[0], [1]], nodes=2, directed=True))


def test_rates_are_those_of_pytorch_geometric():
    utils = pytest.importorskip("torch_geometric.utils")
    graph = make_graph(network(400, 4000).edges, torch.ones(400, 300))
    torch.manual_seed(0)
    theirs = utils.dropout_edge(graph.edge_index, 0.3, force_undirected=True)[0].shape[1] / 2
    ours = draw("drop_edges(0.3)", graph)[0].edges.shape[1]
    assert abs(theirs - ours) < 3 * math.sqrt(2 * 4000 * 0.3 * 0.7)
    columns = utils.mask_feature(graph.features, 0.3, mode="col")[0][0].sum()
    mine = draw("mask_features(0.3)", graph)[0].features[0].sum()
    assert abs(float(columns - mine)) < 3 * math.sqrt(2 * 300 * 0.3 * 0.7)


def test_weights_follow_their_edges():
    graph = make_graph([[0, 1, 2], [1, 2, 3]], torch.ones(4, 1), weights=[1.0, 2.0, 3.0])
    for spec in ("drop_edges(0.5)", "drop_edges(0.5, each_way=True)", "drop_nodes(0.3)"):
        for view in draw(spec, graph, seed=5):
            known = named(graph) | {(v, u): w for (u, v), w in named(graph).items()}
            assert all(known[pair] == weight for pair, weight in named(view).items())
    assert draw("add_edges(0.9)", graph)[0].weights[3:].tolist() in (
        [],
        [2.0],
        [2.0] * 2,
        [2.0] * 3,
    )
