"""InfoNCE on your own embeddings: train with the loss, read the bound from the same numbers.

The loss and the bound are one formula: nats = log K - loss, at most log K.
"""

import math

import torch

from goodviews import Estimate, infonce, infonce_bound


def main(steps: int = 200, pairs: int = 256) -> tuple[Estimate, float]:
    torch.manual_seed(0)
    # Two noisy recordings of 8 hidden causes, through different mixtures.
    mix1, mix2 = torch.randn(2, 8, 32)
    encoder1, encoder2 = torch.nn.Linear(32, 16), torch.nn.Linear(32, 16)
    optimiser = torch.optim.Adam([*encoder1.parameters(), *encoder2.parameters()], lr=1e-2)

    def record() -> tuple[torch.Tensor, torch.Tensor]:
        causes = torch.randn(pairs, 8)
        noise1, noise2 = 0.5 * torch.randn(2, pairs, 32)
        return causes @ mix1 + noise1, causes @ mix2 + noise2

    for _ in range(steps):
        v1, v2 = record()
        loss = infonce(encoder1(v1), encoder2(v2), temperature=0.1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    with torch.no_grad():  # fresh pairs: the bound holds only for what was not trained on
        z1, z2 = (encoder(v) for encoder, v in zip((encoder1, encoder2), record(), strict=True))
        z1, z2 = (torch.nn.functional.normalize(z, dim=1) for z in (z1, z2))
        held_out = infonce(z1, z2, temperature=0.1).mean()
        found = infonce_bound(z1 @ z2.T / 0.1, symmetric=False)
    print(f"loss {held_out:.2f}, log K - loss = {math.log(pairs) - held_out:.2f}: {found}")
    return found, float(held_out)


if __name__ == "__main__":
    main()
