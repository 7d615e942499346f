"""A SimCLR loop of lightly with our views as its transform."""

import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from torch import nn
from torchvision.datasets import FakeData

from goodviews.views.interop import AsTransform


def main(steps: int = 2) -> list[float]:
    # A pair gives two views of each image, as lightly's own transforms do.
    transform = AsTransform("simclr(size=32, strength=0.5)")
    dataset = FakeData(size=32, image_size=(3, 40, 40), transform=transform)
    loader = torch.utils.data.DataLoader(dataset, batch_size=16, drop_last=True)
    backbone = nn.Sequential(nn.Conv2d(3, 16, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    head = SimCLRProjectionHead(16, 16, 8)
    criterion = NTXentLoss(temperature=0.5)
    model = nn.Sequential(backbone, nn.Flatten(), head)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.06)
    losses = []
    for _, ((v1, v2), _) in zip(range(steps), loader, strict=False):
        loss = criterion(model(v1), model(v2))
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    print(f"{transform.views}: NT-Xent {losses[0]:.2f}, then {losses[-1]:.2f}")
    return losses


if __name__ == "__main__":
    main()
