"""Readouts of digit, background and position from a frozen image encoder.

Letters: N items, B of them in a batch, F representation.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from goodviews.data import MovingWorlds
from goodviews.evaluation import Factor, factor_readout
from goodviews.worlds import MovingDigits, localisation_error

SEED, PART = 1_000_003, 500
"""Number of the world that readouts see, unlike any run's; images rendered at a time."""


class MovingItems:
    """Single images with known factors: some of the learned world, some of the tested one.

    Args:
        worlds: Both worlds.
        fit: Images that readouts are fitted on, of the world to learn from.
        test: Images that are tested, of digits and photographs that nothing was trained on.
        device: Where they are rendered and encoded.
    """

    def __init__(self, worlds: MovingWorlds, *, fit: int, test: int, device: torch.device) -> None:
        self.fit, self.test = np.arange(fit), np.arange(fit, fit + test)
        self.worlds, self.device = worlds, device
        columns: dict[str, list[np.ndarray]] = {}
        for world, rows in self._batches():
            for name, values in world.columns(world.draw(rows, seed=SEED)).items():
                columns.setdefault(name, []).append(values.cpu().numpy())
        self.columns = {name: np.concatenate(parts) for name, parts in columns.items()}
        self.factors = [
            Factor(name, values, worlds.classes.get(name, ()))
            for name, values in self.columns.items()
        ]

    def _batches(self) -> list[tuple[MovingDigits, Tensor]]:
        found = []
        for world, count in (
            (self.worlds.train, len(self.fit)),
            (self.worlds.test, len(self.test)),
        ):
            there = world.to(self.device)
            for start in range(0, count, PART):
                rows = torch.arange(start, min(start + PART, count), device=self.device)
                found.append((there, rows))
        return found

    def represent(self, encoder: Callable[[Tensor], Tensor]) -> np.ndarray:
        """(N, F) float32: what the encoder makes of every image."""
        parts = []
        with torch.no_grad():
            for world, rows in self._batches():
                seen = world.render(world.draw(rows, seed=SEED))[:, 0]
                parts.append(encoder(seen).float().cpu().numpy())
        return np.concatenate(parts)

    def read(self, features: np.ndarray) -> dict[str, float]:
        """Errors of linear readouts, their penalties chosen on fitted images alone.

        Args:
            features: (N, F).

        Returns:
            ``digit_error`` and ``background_error`` in per cent; ``position_px``, the mean
            distance of the predicted centre, and ``position_rms_px``, in pixels of a canvas
            of 64; usable information ``digit_nats``, ``background_nats``, ``position_nats``.
        """
        readings = {
            one.name: factor_readout.read_factor(features, one, fit=self.fit, test=self.test)
            for one in self.factors
        }
        found: dict[str, float] = {}
        for name in ("digit", "background"):
            found[f"{name}_error"] = 100 * (1 - readings[name].score)
            found[f"{name}_nats"] = readings[name].nats
        axes = ("row", "column")
        guess = np.stack([self._pixels(readings[name], name) for name in axes], axis=1)
        centre = np.stack([self.columns[name][self.test] for name in axes], axis=1)
        found["position_px"] = float(localisation_error(guess, centre).mean())
        found["position_rms_px"] = float(
            localisation_error(guess, centre, norm="rms").mean() ** 0.5
        )
        found["position_nats"] = sum(readings[name].nats for name in axes)
        return found

    def _pixels(self, reading: factor_readout.Reading, name: str) -> np.ndarray:
        return np.asarray(reading.predicted * self.columns[name][self.fit].std())
