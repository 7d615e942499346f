"""What the tests of generators share: weights as training leaves them."""

from collections.abc import Callable

import pytest
import torch

from goodviews.views.generators import Generator, build_generator


@pytest.fixture
def shaken() -> Callable[..., Generator]:
    """Makes a generator far from its start: every weight moved."""

    def make(text: str, channels: int, seed: int = 0, dtype=torch.float32) -> Generator:
        draw = torch.Generator().manual_seed(seed)
        generator = build_generator(text, channels, seed)
        with torch.no_grad():
            for name, values in generator.named_parameters():
                noise = torch.randn(values.shape, generator=draw)
                values += (0.1 if "." in name else 0.5) * noise  # of a block, of a matrix
        return generator.to(dtype)

    return make
