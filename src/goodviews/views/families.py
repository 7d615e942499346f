"""Which views to try when the user names none, by kind of data."""


def default_views(channels: int, size: int) -> str:
    """The family a study sweeps by default: how small a random crop may be.

    Crops are the one augmentation that every modern recipe holds, and the lower bound of
    their area is the sweep of Tian et al., 2020 (3.4). Digits and other grey data keep
    their handedness; colour photographs are flipped and jittered as well, since colour
    statistics give two crops of one photograph away (Chen et al., 2020). Vectors, images of
    one pixel, have nothing to crop: noise is swept.

    Args:
        channels: C of the images.
        size: Their smaller side in pixels.

    Returns:
        A family, as text.

    Example:
        >>> default_views(1, 16)
        'crop(scale=({0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9}, 1))'
    """
    if size == 1:
        return "noise(std={0.05, 0.1, 0.2, 0.3, 0.45, 0.7})"
    family = "crop(scale=({0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9}, 1))"
    return f"{family}|flip()|jitter(0.5)" if channels == 3 else family
