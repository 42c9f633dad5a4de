"""Building blocks of the network."""

import numpy as np

ACTIVATIONS = {"tanh": np.tanh, "relu": lambda values: np.maximum(values, 0.0)}


def sigmoid(values: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1.0 / (1.0 + np.exp(-values))


class Dense:
    """A fully connected layer."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator) -> None:
        self.weights = rng.normal(scale=1.0 / np.sqrt(inputs), size=(inputs, outputs))
        self.bias = np.zeros(outputs)

    def forward(self, values: np.ndarray) -> np.ndarray:
        """(n, inputs) -> (n, outputs)."""
        return values @ self.weights + self.bias
