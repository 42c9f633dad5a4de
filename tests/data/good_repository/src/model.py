"""The network of section 3.2."""

import numpy as np

from src.layers import ACTIVATIONS, Dense, sigmoid


class Network:
    """One hidden layer, whose features feed a logistic output."""

    def __init__(self, inputs: int, hidden: int, activation: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.activation = ACTIVATIONS[activation]
        # R2: one hidden layer (eq:1)
        self.first = Dense(inputs, hidden, rng)
        self.second = Dense(hidden, 1, rng)

    def features(self, values: np.ndarray) -> np.ndarray:
        """(n, d) -> (n, hidden)."""
        return self.activation(self.first.forward(values))

    def predict(self, values: np.ndarray) -> np.ndarray:
        """(n, d) -> probabilities of class 1, of shape (n,)."""
        return sigmoid(self.second.forward(self.features(values)))[:, 0]
