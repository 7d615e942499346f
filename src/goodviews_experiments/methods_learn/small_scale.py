"""A paper's method on small images and in a short run: one rule for all methods.

The loss with its temperature and weights, the memory, the slow target, the jigsaw branch and
the order of the views' steps stay the paper's, but for SwAV's epsilon, which fits the batch. What
belongs to ImageNet and to hundreds of epochs goes: the backbone, the widths of heads, the
optimiser and its rate, the blur.
"""

from dataclasses import replace

from goodviews.data import Images
from goodviews.methods import adapted_settings
from goodviews.spec import Call, format_calls, spell
from goodviews.training import Settings

_EMBEDDING = 64
_HIDDEN = 256
_GROUP = 32
"""Keys that a BatchNorm sees together, as many as on a device of the papers."""


def small_scale(
    settings: Settings,
    images: Images,
    count: int,
    *,
    width: int,
    batch: int,
    epochs: int,
    crop: int | None = None,
    views: str = "",
    device: str = "cpu",
) -> tuple[Settings, list[str]]:
    """Settings for a run of seconds, from a method's own.

    The same rule for every method: AdamW at the rate of a
    study, a cosine after one epoch of warm-up, heads of 256 and 64, and no blur, which at
    32 pixels takes away what is to be learned (SimCLR has none on CIFAR-10 either: Chen et
    al., 2020, appendix B.9, arXiv:2002.05709).

    Args:
        settings: As a method's file gives them.
        images: The data.
        count: How many of them are trained on.
        width: Channels after the encoder's first layer; half of it where the method halves its
            encoders.
        batch: Images per step.
        epochs: Passes over them.
        crop: Side of the views in pixels; that of the images by default.
        views: Steps instead of the method's own; colour groups and patches are still cut
            behind them as the method does.
        device: Where it trains.

    Returns:
        The settings, and the sentences of :func:`goodviews.methods.adapt.adapted_settings`.
    """
    wide = width // 2 if "width=0.5" in settings.encoder else width
    made = replace(
        settings,
        encoder=f"convnet(width={wide})",
        head=_head(settings.head),
        predictor=settings.predictor and f"predictor(hidden={_EMBEDDING})",
        prototypes=min(settings.prototypes, _EMBEDDING),
        shuffle=min(settings.shuffle, max(batch // _GROUP, 2)),
        optimiser="adamw(lr=0.006, weight_decay=0.001)",
        schedule="cosine(warmup=1, floor=0.001)",
        batch=batch,
        epochs=epochs,
        device=device,
    )
    if made.name == "wmse":  # the whitened group holds twice as many images as dimensions
        made = replace(made, head=f"{_HIDDEN}-{_EMBEDDING // 2}", objective="wmse(sub_batch=64)")
    made, said = adapted_settings(made, images, count, given=("batch", "encoder", "head"))
    return replace(made, views=_views(made.views, crop, views)), said


def _head(text: str) -> str:
    if text[0].isdigit():
        return f"{_HIDDEN}-{_EMBEDDING}"
    name = text.partition("(")[0]
    return f"{name}(dim={2 * _EMBEDDING if name == 'simsiam' else _EMBEDDING})"


def _views(text: str, crop: int | None, instead: str) -> str:
    """The method's views without blur, at a size, or other steps before its forms."""
    _, sides = spell(text)
    first, second = (_side(calls, crop, instead) for calls in sides)
    return first if first == second else f"{first} // {second}"


def _side(calls: tuple[Call, ...], crop: int | None, instead: str) -> str:
    if instead:
        forms = [call for call in calls if call.name in ("colour", "split", "grid")]
        return "|".join([instead, *([format_calls(tuple(forms))] if forms else [])])
    stacked = any(call.name == "grid" for call in calls)
    made = []
    for call in calls:
        if call.name == "blur":
            continue
        if call.name == "crop" and crop and not stacked:
            kwargs = dict(call.kwargs) | {"size": crop}
            call = Call(call.name, call.args, tuple(kwargs.items()))
        made.append(call)
    return format_calls(tuple(made))
