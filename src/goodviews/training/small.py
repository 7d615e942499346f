"""Settings for small encoders of small images: those of a study."""

from goodviews.training.settings import Settings

PATCHES = 16
"""Smallest side of images, in pixels, for which the encoder begins with patches."""

_PLAIN, _PATCHED = "convnet(width=16)", "convnet(width=16, stem='patches')"


def small_settings(side: int, *, device: str = "auto") -> Settings:
    """Settings that learn the most in a CPU second, as far as it was measured.

    Source: docs/speedrun.md.

    Args:
        side: Smaller side of what the encoder sees, in pixels.
        device: ``auto``, ``cpu`` or ``cuda``.

    Example:
        >>> small_settings(32).encoder, small_settings(8).encoder
        ("convnet(width=16, stem='patches')", 'convnet(width=16)')
    """
    return Settings(
        name="small",
        source="docs/speedrun.md",
        encoder=_PATCHED if side >= PATCHES else _PLAIN,
        head="projector(dim=64)",
        objective="ntxent(temperature=0.1)",
        optimiser="muon(lr=0.05, weight_decay=0.0)",
        batch=128,
        device=device,
        precision="auto",
    )


def light_augmentation(channels: int) -> str:
    """Spec of an augmentation for training on labels that hardly any task is sensitive to.

    Args:
        channels: Number of channels of the images.

    Example:
        >>> light_augmentation(3)
        'translate(0.1)|flip()'
    """
    return "translate(0.1)|flip()" if channels == 3 else "translate(0.1)"


def scratch_encoder(encoder: str) -> str:
    """Backbone for training from scratch on few labels, beside a pretrained one.

    Patches cost up to 10 points there (MNIST, 10 labels per class: .783 against .882, three
    seeds), so that the default loses them; another encoder is kept.

    Source: docs/speedrun.md.

    Args:
        encoder: Backbone that is pretrained.

    Example:
        >>> scratch_encoder("convnet(width=16, stem='patches')"), scratch_encoder("resnet18")
        ('convnet(width=16)', 'resnet18')
    """
    return _PLAIN if encoder == _PATCHED else encoder
