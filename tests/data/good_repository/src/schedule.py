"""Learning rates over time."""

import math
from typing import Any


class Schedule:
    """A warm-up, then a constant or a cosine."""

    def __init__(self, settings: dict[str, Any], peak: float, epochs: int) -> None:
        self.kind = settings["kind"]
        self.warmup = settings["warmup"]
        self.peak = peak
        self.epochs = epochs

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 0."""
        if epoch < self.warmup:
            return self.peak * (epoch + 1) / self.warmup
        if self.kind == "constant":
            return self.peak
        # R3: the rate follows a cosine after the warm-up (eq:3)
        progress = (epoch - self.warmup) / max(1, self.epochs - self.warmup)
        return 0.5 * self.peak * (1.0 + math.cos(math.pi * progress))
