"""The baselines: nearest labelled neighbour and label spreading on its own graph [3¶2]."""

import numpy as np

from kiln.data import Digits, Draw
from kiln.graph import Graph, squared_distances
from kiln.model import class_mass, label_matrix, label_spreading


def nearest_labelled(data: Digits, draw: Draw) -> np.ndarray:
    """The class (n,) of the closest labelled point for each point [3¶2]."""
    d2 = squared_distances(data.x, data.x[draw.labelled])
    # R38: Euclidean distance on the raw inputs; labelled points are sorted, so ties go to the smallest index [3¶2]
    return draw.labels[d2.argmin(axis=1)]


def spread_scores(graph: Graph, draws: list[Draw], n_classes: int, alpha: float) -> list[np.ndarray]:
    """Z (n, C) of [eq:11] for each draw; one factorisation serves them all.

    The graph is the baselines' own, not that of Kiln [3¶2].
    """
    # R41: S of the graph given, built with the baselines' k, and the baselines' alpha [3¶2]
    n, dtype = len(graph.s), graph.s.dtype
    y = np.hstack([label_matrix(draw, n, n_classes, dtype) for draw in draws])
    return np.split(label_spreading(graph.s, y, alpha), len(draws), axis=1)


def predict_spreading(z: np.ndarray, use_class_mass: bool) -> np.ndarray:
    """The class (n,) with the largest entry in each row of Z (n, C), or of Z over its column sums [3¶2]."""
    # R40: class mass divides by the column sums over all points [3¶2]
    scores = class_mass(z) if use_class_mass else z
    # R39, R60: largest entry; rows of zeros, without a label in their component, get the first class [3¶2]
    return scores.argmax(axis=1)
