"""Learned views of graphs: their file, their draws, and where they are looked for."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.graphs import batch_graphs, make_graph, part_of
from goodviews.spec.files import keep_beside, pin
from goodviews.views import parse_view
from goodviews.views.generators import build_generator, save_generator
from goodviews.views.graphs import GraphKey, parse_graph_view
from goodviews.views.graphs.generator import build_drop_generator


def graph_of(nodes=40):
    rng = torch.Generator().manual_seed(0)
    edges = torch.randint(nodes, (2, 4 * nodes), generator=rng)
    return make_graph(edges, torch.rand(nodes, 5, generator=rng))


@pytest.fixture
def spec(tmp_path, monkeypatch):
    made = build_drop_generator("drops(width=4)", inputs=5)
    with torch.no_grad():
        for number, parameter in enumerate(made.parameters()):
            draw = torch.Generator().manual_seed(number)
            parameter.add_(torch.randn(parameter.shape, generator=draw))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOODVIEWS_GENERATORS", raising=False)
    hash = save_generator(tmp_path / "g.safetensors", made, {"seed": 0})
    return f"learned_drops('g.safetensors', hash='{hash}')"


def test_a_saved_generator_is_the_view_that_its_rates_say(spec):
    graph, pair = graph_of(), parse_graph_view(spec)
    [step] = pair.first.steps
    rates, columns = step.rates(graph, graph)
    torch.testing.assert_close(rates, step.generator.edge_rates(graph))
    kept = torch.zeros_like(rates)
    shown = torch.zeros_like(columns)
    for epoch in range(400):
        params = step.sample(graph, GraphKey(0, epoch), graph)
        kept += params["keep"] / 400
        shown += params["columns"][0] / 400
    for share, rate in ((kept, rates), (shown, columns)):
        error = (rate * (1 - rate) / 400) ** 0.5
        assert bool(((share - (1 - rate)).abs() < 4.5 * error).all())
    view = step.apply(graph, params)
    assert view.edges.shape[1] == int(params["keep"].sum())
    assert bool((view.features[:, ~params["columns"][0]] == 0).all())
    assert repr(pair) == spec == repr(step)


def test_a_part_gets_the_draw_of_the_whole(spec):
    whole, pair = graph_of(), parse_graph_view(spec)
    part = part_of(whole, whole.degree > 6)
    inside = torch.isin(whole.edges, part.node_names).all(0)
    [step] = pair.first.steps
    all_kept = step.sample(whole, GraphKey(3), whole)
    kept = step.sample(part, GraphKey(3), whole)
    assert torch.equal(kept["keep"], all_kept["keep"][inside])
    assert torch.equal(kept["columns"], all_kept["columns"])
    twice = parse_graph_view(f"drop_edges(0.3)|{spec}")(part, seed=3, epoch=0, whole=whole)
    assert twice[0].edges.shape[1] < part.edges.shape[1]


def test_a_graph_has_the_same_view_in_any_batch(spec):
    one, other = graph_of(20), graph_of(30)
    batch = batch_graphs([one, other])
    alone = part_of(batch, batch.graph_of == 1)
    [step] = parse_graph_view(spec).first.steps
    both, single = (step.rates(graph, graph)[0] for graph in (batch, alone))
    torch.testing.assert_close(both[batch.graph_of[batch.edges[0]] == 1], single)
    drawn = [step.sample(graph, GraphKey(1), graph)["columns"] for graph in (batch, alone)]
    assert torch.equal(drawn[0][1], drawn[1][1])


def test_strength_scales_the_rates(spec):
    graph = graph_of()
    plain, none, more = (
        parse_graph_view(text).first.steps[0].rates(graph, graph)[0]
        for text in (spec, spec[:-1] + ", strength=0)", spec[:-1] + ", strength=1.5)")
    )
    assert not none.any()
    torch.testing.assert_close(more, (1.5 * plain).clamp(max=1))
    text = spec[:-1] + ", strength=1.5)"
    assert repr(parse_graph_view(text).first.steps[0]) == text


def test_a_spec_keeps_its_file_and_its_other_arguments(spec, tmp_path):
    hash = spec.split("'")[3]
    pinned = pin("learned_drops('g.safetensors', strength=0.5)|drop_edges(0.1)")
    assert pinned == (
        f"learned_drops('g.safetensors', hash='{hash}', strength=0.5)|drop_edges(0.1)"
    )
    [copy] = keep_beside(pinned, tmp_path / "run")
    assert copy == tmp_path / "run" / "g.safetensors"
    assert copy.is_file()


def test_generators_of_the_other_kind_and_missing_files_are_refused(spec, tmp_path):
    save_generator(tmp_path / "colours.safetensors", build_generator("linear()", 3), {})
    with pytest.raises(InputError, match="generator of views of images, but these are graphs"):
        parse_graph_view("learned_drops('colours.safetensors')")
    with pytest.raises(InputError, match="of graphs, but one of images is expected"):
        parse_view("learned('g.safetensors')")
    with pytest.raises(InputError, match=r"There is no other\.safetensors"):
        parse_graph_view("learned_drops('other.safetensors')")
    with pytest.raises(InputError, match="strength"):
        parse_graph_view(spec[:-1] + ", strength=-1)")
    other = make_graph([[0, 1], [1, 2]], torch.rand(3, 7))
    with pytest.raises(InputError, match="5 features"):
        parse_graph_view(spec)(other, seed=0, epoch=0)
