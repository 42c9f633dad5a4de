"""The baselines: nearest labelled neighbour, and label spreading with and without class mass ([3¶2], [eq:11])."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse

from src.digits_data import LabelDraw


def one_hot_labels(points: int, classes: int, draw: LabelDraw) -> np.ndarray:
    """Y (points, classes) of [2.5¶1]."""
    # R27: one-hot rows for labelled points, zeros elsewhere [2.5¶1]
    matrix = np.zeros((points, classes), dtype=np.float64)
    matrix[draw.labelled, draw.labelled_classes] = 1.0
    return matrix


def divide_by_class_mass(scores: np.ndarray) -> np.ndarray:
    """Z_ic / sum_j Z_jc for scores Z (n, C), with the sum over all n points (eq:11)."""
    return scores / scores.sum(axis=0, keepdims=True)


def nearest_labelled(squared_distances: np.ndarray, draw: LabelDraw) -> np.ndarray:
    """The class of the closest labelled point for each of draw.unlabelled, from distances (n, n) [3¶2]."""
    distances = squared_distances[np.ix_(draw.unlabelled, draw.labelled)]
    # R63: labelled points are sorted and argmin takes the first, so the smaller index wins a tie
    closest = np.argmin(distances, axis=1)
    # R39: the label of the closest labelled point in Euclidean distance [3¶2]
    return draw.labelled_classes[closest]


class LabelSpreader:
    """Label spreading on one graph S (n, n) with one damping; it is factorised once for all draws (eq:11)."""

    def __init__(self, graph: scipy.sparse.csr_matrix, alpha: float, classes: int) -> None:
        """graph: S of (2), symmetric (n, n); alpha: damping in (0, 1); classes: C."""
        if not 0.0 < alpha < 1.0:
            raise ValueError(f"the damping must lie between 0 and 1, it is {alpha}")
        self.classes = classes
        self.points = graph.shape[0]
        # Eigenvalues of S lie in [-1, 1], so that I - alpha S is positive definite.
        self.factor = scipy.linalg.cho_factor(np.eye(self.points) - alpha * graph.toarray())

    def scores(self, draw: LabelDraw) -> np.ndarray:
        """Z (n, C) of (11) for the labels of the draw."""
        # R40: Z = (I - alpha S)^(-1) Y, by an exact solve (eq:11)
        return scipy.linalg.cho_solve(self.factor, one_hot_labels(self.points, self.classes, draw))

    def predict(self, draw: LabelDraw, class_mass: bool) -> np.ndarray:
        """The class of each of draw.unlabelled, with or without division by the class mass [3¶2]."""
        scores = self.scores(draw)
        if class_mass:
            # R41: arg max_c Z_ic / sum_j Z_jc, the sum over all points [3¶2]
            scores = divide_by_class_mass(scores)
        # R65: no check of components; a row of zeros gets the class of the smallest index
        return np.argmax(scores[draw.unlabelled], axis=1)
