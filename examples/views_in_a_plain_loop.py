"""Pretrain with a plain PyTorch loop: our views in the DataLoader, our loss, your encoder."""

from typing import Any

import torch
from torch import nn

from goodviews.objectives import infonce
from goodviews.views.interop import Collate


def main(view: str = "crop(scale=(0.2, 1))|flip()", epochs: int = 3) -> list[float]:
    torch.manual_seed(0)
    images = torch.rand(64, 3, 4, 4).repeat_interleave(4, -1).repeat_interleave(4, -2)
    items: Any = [(place, image) for place, image in enumerate(images)]
    collate = Collate(view, seed=0)
    loader = torch.utils.data.DataLoader(items, batch_size=32, shuffle=True, collate_fn=collate)
    encoder = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
    )
    optimiser = torch.optim.Adam(encoder.parameters(), lr=1e-2)
    losses = []
    for epoch in range(epochs):
        collate.epoch = epoch
        for ((v1, v2),) in loader:
            loss = infonce(encoder(v1), encoder(v2), temperature=0.1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    print(f"{view}: InfoNCE from {losses[0]:.2f} to {losses[-1]:.2f} nats")
    return losses


if __name__ == "__main__":
    main(epochs=30)
