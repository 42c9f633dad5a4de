"""The neighbourhood graph and its spectral embedding ([2.1], [app:A])."""

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist


def normalised_graph(x: np.ndarray, neighbours: int, scale_neighbour: int) -> sparse.csr_matrix:
    """The normalised self-tuning graph S, (n, n), symmetric with zero diagonal ([eq:1], [eq:2]).

    x: (n, features). neighbours: k of [2.1¶1]. scale_neighbour: rank of the neighbour that sets the local scale.
    """
    n = len(x)
    if not (1 <= neighbours < n and 1 <= scale_neighbour < n):
        raise ValueError(f"{n} points have no {max(neighbours, scale_neighbour)} neighbours")
    # R3: sums of squared differences of whole numbers are exact, so that equal distances are equal
    squared = cdist(x, x, "sqeuclidean")
    # A point is not its own neighbour, even if it has duplicates.
    np.fill_diagonal(squared, np.inf)
    # R2: the stable sort ranks points at the same distance by their index
    ranking = np.argsort(squared, axis=1, kind="stable")

    # R1: i ~ j if either is one of the k nearest neighbours of the other
    near = np.zeros((n, n), dtype=bool)
    np.put_along_axis(near, ranking[:, :neighbours], True, axis=1)
    i, j = np.nonzero(near | near.T)

    # R5: the local scale of Zelnik-Manor and Perona, the distance to a neighbour of fixed rank, whatever k is
    sigma = np.sqrt(squared[np.arange(n), ranking[:, scale_neighbour - 1]])
    if not sigma.all():
        raise ValueError(f"point {np.argmin(sigma)} has {scale_neighbour} duplicates, its local scale is zero")

    # R4: self-tuning affinities of connected points (eq:1), zero elsewhere
    affinity = np.exp(-squared[i, j] / (sigma[i] * sigma[j]))
    degree = np.bincount(i, weights=affinity, minlength=n)
    # R6: S = D^-1/2 A D^-1/2 (eq:2)
    root = np.sqrt(degree)
    return sparse.csr_matrix((affinity / (root[i] * root[j]), (i, j)), shape=(n, n))


def spectral_embedding(S: sparse.csr_matrix, dimensions: int, unit_sphere: bool) -> np.ndarray:
    """The embedding e_i of all points, (n, dimensions) ([eq:3], [eq:12]).

    unit_sphere: whether rows are scaled to unit length; otherwise s_i = 1 ([app:A¶2]).
    """
    n = S.shape[0]
    if not 1 <= dimensions <= n:
        raise ValueError(f"{n} points have no embedding in {dimensions} dimensions")
    # R9: computed from the graph alone, without labels
    # R7: orthonormal eigenvectors of the algebraically largest eigenvalues, the largest first
    _, vectors = linalg.eigh(S.toarray(), subset_by_index=(n - dimensions, n - 1))
    vectors = vectors[:, ::-1]
    if unit_sphere:
        # R51: s_i = (sum_a v_ai^2)^-1/2 moves each point to the unit sphere (eq:12)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not norms.all():
            raise ValueError(f"point {np.argmin(norms)} is at the origin of the embedding")
        scale = 1 / norms
    else:
        # R52: the rows are left as they are, s_i = 1
        scale = np.ones((n, 1))
    # R8: e_i = s_i (v_1i, ..., v_ri) (eq:3)
    return scale * vectors


def check_components(S: sparse.csr_matrix, labelled: np.ndarray) -> None:
    """Raise ValueError unless every component of the graph has one of the labelled points ([2.5¶2])."""
    # R26: the graph is connected, or has a label in every component
    count, component = connected_components(S, directed=False)
    missing = np.setdiff1d(np.arange(count), component[labelled])
    if len(missing):
        raise ValueError(f"{len(missing)} of {count} components of the graph have no labelled point")
