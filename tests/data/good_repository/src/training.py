"""Stochastic gradient descent with momentum (algorithm 1)."""

from typing import Any

import numpy as np

from src.data import Points
from src.model import Network
from src.schedule import Schedule


class Trainer:
    """Fits the output layer of a network."""

    def __init__(self, network: Network, settings: dict[str, Any], penalty: float) -> None:
        self.network = network
        self.settings = settings
        self.penalty = penalty
        self.schedule = Schedule(settings["schedule"], settings["learning_rate"], settings["epochs"])
        self.speed = np.zeros_like(network.second.weights)

    def fit(self, points: Points, seed: int) -> list[float]:
        """Train; gives the loss of each epoch."""
        rng = np.random.default_rng(seed)
        losses = []
        for epoch in range(self.settings["epochs"]):
            rate = self.schedule.rate(epoch)
            order = rng.permutation(len(points.labels))
            for start in range(0, len(order), self.settings["batch_size"]):
                self.step(points.take(order[start : start + self.settings["batch_size"]]), rate)
            losses.append(self.loss(points))
        return losses

    def loss(self, points: Points) -> float:
        """Cross-entropy with the penalty on the weights (eq:2)."""
        probabilities = np.clip(self.network.predict(points.features), 1e-9, 1.0 - 1e-9)
        fit = -np.mean(points.labels * np.log(probabilities) + (1 - points.labels) * np.log(1.0 - probabilities))
        # R4: an L2 penalty on the output weights (eq:2)
        return float(fit + self.penalty * np.sum(self.network.second.weights**2))

    def step(self, batch: Points, rate: float) -> None:
        """One update."""
        error = (self.network.predict(batch.features) - batch.labels)[:, None]
        hidden = self.network.features(batch.features)
        gradient = hidden.T @ error / len(error) + 2.0 * self.penalty * self.network.second.weights
        self.speed = self.settings["momentum"] * self.speed - rate * gradient
        self.network.second.weights += self.speed
        self.network.second.bias -= rate * error.mean(axis=0)
