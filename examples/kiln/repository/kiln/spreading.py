"""Label spreading, class mass normalisation and the baselines ([2.5], [3¶2])."""

import numpy as np
from scipy import linalg, sparse
from scipy.spatial.distance import cdist


def label_matrix(y: np.ndarray, labelled: np.ndarray, classes: int) -> np.ndarray:
    """Y of [eq:11], (n, classes): one-hot rows for the labelled points, zeros elsewhere."""
    Y = np.zeros((len(y), classes))
    Y[labelled, y[labelled]] = 1
    return Y


def spreading_scores(S: sparse.csr_matrix, Y: np.ndarray, alpha: float) -> np.ndarray:
    """Z = (I - alpha S)^-1 Y of [eq:11], of the shape of Y, (n, any number of columns)."""
    if not 0 <= alpha < 1:
        raise ValueError(f"alpha must be at least 0 and below 1, not {alpha}")
    # The eigenvalues of S are in [-1, 1], so that the matrix is positive definite.
    return linalg.solve(np.eye(S.shape[0]) - alpha * S.toarray(), Y, assume_a="pos")


def class_mass(Z: np.ndarray) -> np.ndarray:
    """Z_ic / sum_j Z_jc, (n, classes): class mass normalisation with equal masses ([2.5¶2])."""
    return Z / Z.sum(axis=0)


def label_spreading(Z: np.ndarray) -> np.ndarray:
    """Predicted classes, (n,), of label spreading with scores Z, (n, classes) ([3¶2])."""
    # R35: the largest entry in each row of Z
    # R59: argmax gives ties to the smallest class
    return np.argmax(Z, axis=1)


def label_spreading_class_mass(Z: np.ndarray) -> np.ndarray:
    """Predicted classes, (n,), of label spreading with class mass, from scores Z, (n, classes) ([3¶2])."""
    # R36: the largest entry of Z_ic / sum_j Z_jc
    return np.argmax(class_mass(Z), axis=1)


def nearest_labelled(x: np.ndarray, y: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """Predicted classes, (n,): the label of the closest labelled point ([3¶2]).

    x: (n, features); y: (n,); labelled: sorted indices, of which alone the labels are used.
    """
    # R34: closest in Euclidean distance, whose square has the same order
    # R59: argmin gives ties to the first labelled point, which has the smallest index
    closest = np.argmin(cdist(x, x[labelled], "sqeuclidean"), axis=1)
    return y[labelled[closest]]
