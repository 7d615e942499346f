"""The built-in dataset: scikit-learn's 1,797 handwritten digits."""

import numpy as np

from goodviews.data.hashing import content_hash
from goodviews.data.images import Images


def digits(size: int | None = None) -> Images:
    """Load the digits that come with scikit-learn, as images with values from 0 to 16.

    Args:
        size: Height and width in pixels (default: 16).

    Returns:
        1,797 grey images, task ``label`` with ten classes.

    References:
        E. Alpaydin and C. Kaynak, 1998, UCI repository, "Optical Recognition of Handwritten
        Digits", test part.

    Example:
        >>> digits().pixels.shape
        (1797, 1, 16, 16)
    """
    import torch
    from sklearn.datasets import load_digits

    size = size or 16
    data = load_digits()
    pixels = torch.from_numpy(data.images.astype(np.float32))[:, None]
    if size != 8:
        pixels = torch.nn.functional.interpolate(
            pixels, (size, size), mode="bilinear", antialias=size < 8
        )
    values = np.ascontiguousarray(pixels.numpy())
    labels = {"label": data.target.astype(np.int64)}
    resized = f", enlarged to {size}x{size} (bilinear)" if size != 8 else ""
    return Images(
        name="digits",
        pixels=values,
        scale=(0.0, 16.0),
        labels=labels,
        classes={"label": tuple(str(i) for i in range(10))},
        skipped=(),
        source=f"scikit-learn's digits: 1,797 grey images of 8x8 pixels{resized}.",
        range_note="Counts 0 to 16 were divided by 16.",
        hash=content_hash(values, labels),
    )
