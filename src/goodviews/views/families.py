"""Default families of views by kind of data."""


def default_views(channels: int, size: int) -> str:
    """Family of views that a study sweeps by default: random crops of different minimum area.

    Every modern recipe uses crops, and Tian et al., 2020 (3.4) sweep the lower bound of their
    area. Digits and other grey images are not flipped. Colour photographs are also flipped and
    jittered, because colour statistics identify two crops of one photograph (Chen et al.,
    2020). Images of two, four or more channels, such as spectral bands, are flipped; brightness
    and contrast of all channels change together, as in Wang et al., 2023. For vectors,
    which are images of one pixel, the sweep is over noise.

    Args:
        channels: Number of channels C of the images.
        size: Smaller side of the images in pixels.

    Returns:
        Spec of the family.

    References:
        Y. Wang et al., 2023, "SSL4EO-S12", arXiv:2211.07044.

    Example:
        >>> default_views(1, 16)
        'crop(scale=({0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9}, 1))'
    """
    if size == 1:
        return "noise(std={0.05, 0.1, 0.2, 0.3, 0.45, 0.7})"
    family = "crop(scale=({0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9}, 1))"
    if channels not in (1, 3):
        return f"{family}|flip()|brightness(0.4, p=0.8)|contrast(0.4, p=0.8)"
    return f"{family}|flip()|jitter(0.5)" if channels == 3 else family
