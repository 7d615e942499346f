"""How many nats do two views of a digit share? A bound, its standard error, its ceiling.

A small encoder learns to match two crops of one image; on images it never saw, InfoNCE then
bounds I(v1; v2) from below. Try another view: python examples/nats_two_views_share.py "noise()"
"""

import sys

import numpy as np
import torch

from goodviews import load, parse_view
from goodviews.evaluation import fit_temperature, shared_nats
from goodviews.training import Settings, train


def main(view="crop(scale=(0.2, 1))", epochs=30, candidates=256):
    images, pair = load("digits"), parse_view(view)
    order = np.random.default_rng(0).permutation(len(images))
    seen, held_out = order[:1000], order[1000:]
    encoders = train(
        images, seen, pair, settings=Settings(epochs=epochs, device="cpu"), seed=0
    ).encoders

    @torch.no_grad()
    def embed(rows, draw):
        # Epochs beyond those of training: views that no encoder has met.
        places, epoch = torch.from_numpy(rows), 1_000_000 + draw
        return encoders(*pair(images.batch(rows), seed=0, samples=places, epoch=epoch))

    temperature = fit_temperature(*embed(seen, -1))
    found = shared_nats(embed, held_out, candidates=candidates, temperature=temperature)
    print(f"{pair} shares {found}")
    return found


if __name__ == "__main__":
    main(*sys.argv[1:2])
