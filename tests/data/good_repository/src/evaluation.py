"""Measures of section 4."""

import numpy as np

from src.data import Points
from src.model import Network


def accuracy(network: Network, points: Points) -> float:
    """The share of points of which the likelier class is right."""
    # R5: accuracy on the test points (tab:1)
    predicted = network.predict(points.features) >= 0.5
    return float(np.mean(predicted == points.labels))
