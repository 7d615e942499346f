"""torchvision's transforms in our views, and our views in torchvision's pipelines."""

import torch
from torchvision.transforms import v2

from goodviews.views.interop import AsTransform, chain, pair


def main() -> tuple[torch.Tensor, torch.Tensor]:
    # Theirs in ours: drawn from the key too, so that a view can be made again.
    views = pair(["crop(size=24)|flip()", v2.RandomPerspective(p=1.0), "noise(std=0.02)"])
    images = torch.rand(8, 3, 32, 32)
    v1, v2_ = views(images, seed=0, samples=torch.arange(8), epoch=0)
    again, _ = views(images, seed=0, samples=torch.arange(8), epoch=0)
    print(f"{views} gives {tuple(v1.shape)}, twice the same: {torch.equal(v1, again)}")

    # Ours in theirs: one more step of a pipeline for single images.
    ours = AsTransform(chain("crop(scale=(0.2, 1), size=24)|jitter(0.5)"))
    pipeline = v2.Compose([v2.RandomHorizontalFlip(), ours, v2.Normalize([0.5] * 3, [0.25] * 3)])
    made = pipeline((images[0] * 255).byte())
    print(f"{tuple(made.shape)} from {made.min():.2f} to {made.max():.2f}")
    return v1 - v2_, made


if __name__ == "__main__":
    main()
