"""Names of weights in other libraries: each dialect renames the weights of a network.

A dialect maps a name of our network, which is that of timm, to the name in a file, without the
prefix that wrappers put in front of it. A tuple of names stands for weights that are joined.
"""

import re
from collections.abc import Callable, Iterator

from torch import nn

from goodviews.encoders.detectron import detectron_names

Names = tuple[str, ...]
Dialect = Callable[[str], Names]

_HF_RESNET = (
    (r"^conv1\.", "embedder.embedder.convolution."),
    (r"^bn1\.", "embedder.embedder.normalization."),
    (r"^layer(\d)\.(\d+)\.", lambda m: f"encoder.stages.{int(m[1]) - 1}.layers.{m[2]}."),
    (r"\.conv(\d)\.", lambda m: f".layer.{int(m[1]) - 1}.convolution."),
    (r"\.bn(\d)\.", lambda m: f".layer.{int(m[1]) - 1}.normalization."),
    (r"\.downsample\.0\.", ".shortcut.convolution."),
    (r"\.downsample\.1\.", ".shortcut.normalization."),
)
_HF_VIT = (
    (r"^cls_token$", "embeddings.cls_token"),
    (r"^reg_token$", "embeddings.register_tokens"),
    (r"^pos_embed$", "embeddings.position_embeddings"),
    (r"^patch_embed\.proj\.", "embeddings.patch_embeddings.projection."),
    (r"^blocks\.", "encoder.layer."),
    (r"\.attn\.qkv\.", ".attention.attention.{query,key,value}."),
    (r"\.attn\.proj\.", ".attention.output.dense."),
    (r"\.ls(\d)\.gamma$", r".layer_scale\1.lambda1"),
    (r"^norm\.", "layernorm."),
)
"""DINOv2 of Hugging Face; :data:`_HF_OLD_VIT` has other names for norms and layers."""
_HF_OLD_VIT = (
    *_HF_VIT,
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
    (r"\.mlp\.fc1\.", ".intermediate.dense."),
    (r"\.mlp\.fc2\.", ".output.dense."),
)
_TORCHVISION_VIT = (
    (r"^cls_token$", "class_token"),
    (r"^pos_embed$", "encoder.pos_embedding"),
    (r"^patch_embed\.proj\.", "conv_proj."),
    (r"^blocks\.", "encoder.layers.encoder_layer_"),
    (r"\.norm(\d)\.", r".ln_\1."),
    (r"\.attn\.qkv\.", ".self_attention.in_proj_"),
    (r"\.attn\.proj\.", ".self_attention.out_proj."),
    (r"\.mlp\.fc1\.", ".mlp.0."),
    (r"\.mlp\.fc2\.", ".mlp.3."),
    (r"^norm\.", "encoder.ln."),
)
_OLD_TORCHVISION_VIT = (
    *_TORCHVISION_VIT,
    (r"\.mlp\.0\.", ".mlp.linear_1."),
    (r"\.mlp\.3\.", ".mlp.linear_2."),
)
_MM_VIT = (
    (r"^norm\.", "ln1."),
    (r"^patch_embed\.proj\.", "patch_embed.projection."),
    (r"^blocks\.", "layers."),
    (r"\.norm(\d)\.", r".ln\1."),
    (r"\.mlp\.fc1\.", ".ffn.layers.0.0."),
    (r"\.mlp\.fc2\.", ".ffn.layers.1."),
)
"""mmpretrain and mmselfsup."""


def dialects(module: nn.Module) -> Iterator[Dialect]:
    """Every way in which the weights of a module may be named, its own first.

    Args:
        module: A network without its classifier.

    Example:
        >>> from goodviews.encoders.libraries import resnet
        >>> net = resnet(channels=3, size=32).module
        >>> [names("layer1.0.bn1.bias")[0] for names in dialects(net)][:3]
        ['layer1.0.bn1.bias', 'layer1.0.bn1.bias', '4.0.bn1.bias']
    """
    children = dict(module.named_children())
    weighted = [name for name, part in children.items() if any(True for _ in part.parameters())]
    orders = [{}, dict(zip(children, range(len(children)), strict=True))]
    orders.append(dict(zip(weighted, range(len(weighted)), strict=True)))
    for order in orders:  # nn.Sequential(*children) has numbers for names
        yield _numbered(order, "downsample.")
        yield _numbered(order, "shortcut.")
    yield lambda name: tuple(detectron_names({name: 0}))
    tables = (_HF_RESNET, _HF_VIT, _HF_OLD_VIT, _TORCHVISION_VIT, _OLD_TORCHVISION_VIT, _MM_VIT)
    for table in tables:
        yield _renamed(table)


def _numbered(order: dict[str, int], shortcut: str) -> Dialect:
    def names(name: str) -> Names:
        first, dot, rest = name.partition(".")
        return (f"{order.get(first, first)}{dot}{rest}".replace("downsample.", shortcut),)

    return names


def _renamed(table: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]) -> Dialect:
    def names(name: str) -> Names:
        for pattern, better in table:
            name = re.sub(pattern, better, name)
        joined = re.search(r"\{(.+)\}", name)
        if not joined:
            return (name,)
        return tuple(name.replace(joined[0], part) for part in joined[1].split(","))

    return names
