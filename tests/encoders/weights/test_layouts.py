"""Checkpoints of other libraries load wholly, whatever prefixes and names they have."""

import re

import pytest
import timm
import torch
import torchvision
from torch import nn

from goodviews.core.errors import InputError
from goodviews.encoders import load_weights
from goodviews.encoders.weights.reading import Weights

RESNET = timm.create_model("resnet18", num_classes=0).state_dict()
BOTTLENECK = timm.create_model("resnet26", num_classes=0)
VIT = {"num_classes": 0, "img_size": 32, "embed_dim": 48, "depth": 2}


def vit(**options):
    return timm.create_model("vit_tiny_patch16_224", **{**VIT, **options})


def other():
    """The weights of another network of the same kind: they must not be taken."""
    return {name: value + 1 for name, value in RESNET.items()}


def front(prefix, state=RESNET):
    return {prefix + name: value for name, value in state.items()}


HEAD = {"0.weight": torch.ones(128, 512), "0.bias": torch.ones(128)}
LAYOUTS = {
    "torchvision": {**RESNET, **front("fc.", HEAD)},
    "moco": {"epoch": 3, "state_dict": {
        **front("module.encoder_q."), **front("module.encoder_k.", other()),
        **front("module.encoder_q.fc.", HEAD), "module.queue": torch.ones(128, 64),
        "module.queue_ptr": torch.zeros(1, dtype=torch.long)}},
    "mocov3": {"state_dict": {**front("module.base_encoder."),
        **front("module.momentum_encoder.", other()), **front("module.predictor.", HEAD)}},
    "simsiam": {"state_dict": {**front("module.encoder."), **front("module.encoder.fc.", HEAD)}},
    "pycontrast": {"opt": None, "model": front("module.encoder.module.")},
    "compiled": {"model": front("module._orig_mod.")},
    "compiled_inside": {name.replace("layer1.0.", "layer1._orig_mod.0."): value
                        for name, value in RESNET.items()},
    "byol": {"online_encoder": front("net."), "target_encoder": front("net.", other())},
    "dino": {"student": front("module.backbone.", other()),
             "teacher": {**front("backbone."), **front("head.mlp.", HEAD)}},
    "vicreg": {"model": {**front("module.backbone."), **front("module.projector.", HEAD)}},
    "swav": {**front("module."), **front("module.projection_head.", HEAD),
             "module.prototypes.weight": torch.ones(30, 128)},
    "vissl": {"classy_state_dict": {"base_model": {"model": {
        "trunk": front("_feature_blocks."), "heads": front("0.clf.", HEAD)}}}},
    "mmselfsup": {"meta": {"epoch": 2},
                  "state_dict": {**front("backbone."), **front("neck.", HEAD)}},
    "solo": {"state_dict": {**front("backbone."), **front("momentum_backbone.", other()),
             **front("projector.", HEAD), "classifier.weight": torch.ones(10, 512)}},
    "lightning": {"hyper_parameters": {"lr": 0.1}, "state_dict": front("net.backbone.")},
    "timm_ema": {"arch": "resnet18", "state_dict": other(), "state_dict_ema": dict(RESNET)},
    "params_ema": {"params": other(), "params_ema": dict(RESNET)},
    "averaged": {"n_averaged": torch.tensor(3), **front("module.")},
}  # fmt: skip


def flat(node, name=""):
    """Keys of nested dictionaries, joined by dots."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield from flat(value, f"{name}{key}.")
        elif isinstance(value, torch.Tensor):
            yield name + key, value


def load(net, content, **options):
    return load_weights(net, Weights("w.pth", "", dict(flat(content))), name="net", **options)


def equal(net, state):
    own = net.state_dict()
    return all(torch.equal(own[name], state[name]) for name in own if "num_batches" not in name)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_checkpoint_of_this_layout_loads_wholly(name):
    net = timm.create_model("resnet18", num_classes=0)
    assert load(net, LAYOUTS[name]).startswith("Loaded 100 % of the weights")
    assert equal(net, RESNET)


COPIES = [
    ("teacher.", "student."), ("ema.", "module."), ("student.", "target."),
    ("encoder_q.", "encoder_k."), ("backbone.", "backbone_momentum."),
]  # fmt: skip


@pytest.mark.parametrize(("taken", "passed"), COPIES)
def test_of_equal_copies_the_average_is_first_and_the_target_last(taken, passed):
    ours, theirs = front(taken), front(passed, other())
    for content in ({**ours, **theirs}, {**theirs, **ours}):
        net = timm.create_model("resnet18", num_classes=0)
        assert f"chosen before the copy {passed}" in load(net, content)
        assert equal(net, RESNET)
        load(net, content, copy=passed.rstrip("."))
        assert equal(net, other())


def numbered(net, kept=lambda part: True):
    """Weights of ``nn.Sequential(*net.children())``, as lightly stores its backbones."""
    parts = [part for part in net.children() if kept(part)]
    return front("backbone.", nn.Sequential(*parts).state_dict())


@pytest.mark.parametrize("weighted", [False, True])
def test_backbones_that_are_sequences_of_children_load(weighted):
    net = timm.create_model("resnet18", num_classes=0)
    content = numbered(net, lambda part: not weighted or any(True for _ in part.parameters()))
    if weighted:  # lightly's own residual networks have shortcuts
        content = {name.replace("downsample", "shortcut"): v for name, v in content.items()}
    fresh = timm.create_model("resnet18", num_classes=0)
    assert "100 %" in load(fresh, {"state_dict": content})
    assert equal(fresh, net.state_dict())


def hugging_resnet(state):
    made = {}
    for name, value in state.items():
        name = re.sub(r"^layer(\d)\.", lambda m: f"encoder.stages.{int(m[1]) - 1}.layers.", name)
        name = name.replace("downsample.0", "shortcut.convolution")
        name = name.replace("downsample.1", "shortcut.normalization")
        inner = name.startswith("encoder")
        for kind, word in (("conv", "convolution"), ("bn", "normalization")):
            here = (lambda m, word=word: f"layer.{int(m[1]) - 1}.{word}") if inner else (
                lambda m, word=word: f"embedder.embedder.{word}")  # fmt: skip
            name = re.sub(rf"\b{kind}(\d)\b", here, name)
        made[f"resnet.{name}"] = value
    return made


def test_residual_networks_of_hugging_face_load():
    state = BOTTLENECK.state_dict()
    plain = {n: v for n, v in state.items() if not re.match(r"conv1\.|bn1\.", n)}
    content = hugging_resnet(plain)
    net = timm.create_model("resnet26", num_classes=0)
    stem = {n: v for n, v in state.items() if n not in plain}
    content |= hugging_resnet(stem)
    assert "resnet.encoder.stages.3.layers.1.layer.2.convolution.weight" in content
    assert "100 %" in load(net, {**content, "classifier.1.weight": torch.ones(9, 2048)})
    assert equal(net, state)


HUGGING_VIT = {
    "cls_token": "embeddings.cls_token", "pos_embed": "embeddings.position_embeddings",
    "patch_embed.proj": "embeddings.patch_embeddings.projection", "blocks": "encoder.layer",
    "norm1": "layernorm_before", "norm2": "layernorm_after", "attn.proj": "attention.output.dense",
    "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense", "norm": "layernorm",
}  # fmt: skip


def renamed(name, table):
    for old, new in table.items():
        name = re.sub(rf"(^|\.){re.escape(old)}(?=$|\.)", lambda m, new=new: m[1] + new, name)
    return name


def test_vision_transformers_of_hugging_face_load_with_their_split_attention():
    net, content = vit(), {}
    for name, value in net.state_dict().items():
        if "qkv" in name:
            for part, piece in zip(("query", "key", "value"), value.chunk(3), strict=True):
                place = f"attention.attention.{part}"
                content["vit." + renamed(name.replace("attn.qkv", place), HUGGING_VIT)] = piece
        else:
            content["vit." + renamed(name, HUGGING_VIT)] = value
    fresh = vit()
    assert "100 %" in load(fresh, content)
    assert equal(fresh, net.state_dict())


def test_a_vision_transformer_of_torchvision_is_the_same_function_in_timm():
    theirs = torchvision.models.VisionTransformer(32, 16, 2, 3, 48, 192, num_classes=5).eval()
    nn.init.normal_(theirs.encoder.pos_embedding)
    ours = vit().eval()
    assert "100 %" in load(ours, theirs.state_dict())
    theirs.heads = nn.Identity()
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-5)


def test_positions_are_resampled_to_another_size_of_images():
    large, small = vit(img_size=224), vit()
    said = load(small, front("module.base_encoder.", large.state_dict()))
    assert "adapted in shape: pos_embed" in said
    positions = small.state_dict()["pos_embed"]
    assert torch.equal(positions[:, 0], large.state_dict()["pos_embed"][:, 0])


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 13])
@pytest.mark.parametrize("library", ["timm", "torchvision"])
def test_first_convolutions_get_any_number_of_channels_by_one_rule(library, channels):
    from timm.models import adapt_input_conv

    from goodviews.encoders import build_backbone

    net = build_backbone(f"{library}('resnet18')", channels=channels, size=32).module
    load(net, RESNET)
    wanted = adapt_input_conv(channels, RESNET["conv1.weight"])
    torch.testing.assert_close(net.conv1.weight.detach(), wanted)
    if channels in (1, 6):  # equal channels give what a grey image gave as a colour image
        weight = net.conv1.weight.detach()
        torch.testing.assert_close(weight.sum(1), RESNET["conv1.weight"].sum(1))


def test_grey_weights_serve_colour_images():
    grey = timm.create_model("resnet18", num_classes=0, in_chans=1).state_dict()
    net = timm.create_model("resnet18", num_classes=0)
    load(net, grey)
    torch.testing.assert_close(net.conv1.weight.detach().sum(1), grey["conv1.weight"].sum(1))


def test_weights_of_another_network_are_refused_by_names_of_both():
    net = timm.create_model("resnet18", num_classes=0)
    for content in (front("module.", vit().state_dict()), {"a": {"b": torch.ones(3)}}):
        before = {name: value.clone() for name, value in net.state_dict().items()}
        with pytest.raises(InputError, match=r"lacks conv1.weight \(64, 3, 7, 7\).*, and has \w+"):
            load(net, content, least=0.5)
        assert equal(net, before)
    bigger = timm.create_model("resnet34", num_classes=0)
    with pytest.raises(
        InputError, match=r"holds 53 % .* lacks layer1.2.conv1.weight .* others. It"
    ):
        load(bigger, RESNET)


def test_a_part_may_be_missing_only_where_that_is_allowed_and_is_named():
    part = {name: v for name, v in RESNET.items() if not name.startswith("conv1")}
    net = timm.create_model("resnet18", num_classes=0)
    with pytest.raises(InputError, match=r"99.9 % .* lacks conv1.weight"):
        load(net, part)
    said = load(net, {**part, "conv1.weight": torch.ones(64, 3, 3, 3)}, least=0.9)
    assert "99.9 %" in said
    assert "drawn at random: conv1.weight" in said


def test_weights_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match=r"not finite, such as bn1\.bias"):
        load(timm.create_model("resnet18", num_classes=0),
             {**RESNET, "bn1.bias": torch.full((64,), torch.nan)})  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "module.encoder_q."])
def test_a_deeper_network_of_the_same_family_is_refused(prefix):
    deeper = timm.create_model("resnet34", num_classes=0).state_dict()
    net = timm.create_model("resnet18", num_classes=0)
    before = net.conv1.weight.clone()
    with pytest.raises(InputError, match=r"deeper network than r18: .*layer1\.2\.conv1"):
        load_weights(net, Weights("w.pth", "", front(prefix, deeper)), name="r18")
    assert torch.equal(net.conv1.weight, before)


def test_a_transformer_with_more_blocks_is_refused_in_other_names_as_well():
    deeper = torchvision.models.VisionTransformer(32, 16, 3, 3, 48, 192).state_dict()
    for weights in (vit(depth=3).state_dict(), deeper):
        with pytest.raises(InputError, match="deeper network"):
            load_weights(vit(), Weights("w.pth", "", dict(weights)), name="vit")
