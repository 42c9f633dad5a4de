"""The neighbourhood graph of Kiln and the spectral embedding of its points ([2.1], [app:A])."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.csgraph


@dataclass(frozen=True)
class NeighbourRanking:
    """All distances and, for each point, the other points from the nearest to the farthest.

    squared_distances: float64 (n, n) with a zero diagonal; order: int (n, n - 1), without the point itself.
    """

    squared_distances: np.ndarray
    order: np.ndarray


def rank_neighbours(points: np.ndarray) -> NeighbourRanking:
    """Rank for each of the points (n, d) all others by Euclidean distance, ties by index [2.1¶1]."""
    # R62: double precision from here on
    values = np.asarray(points, dtype=np.float64)
    norms = np.einsum("id,id->i", values, values)
    # Grey values are integers, so that this form is exact and equal distances compare as equal.
    squared = np.maximum(norms[:, None] + norms[None, :] - 2.0 * (values @ values.T), 0.0)
    np.fill_diagonal(squared, 0.0)

    ranked = squared.copy()
    # Below every distance, so that the point itself leads its row even where it has a duplicate.
    np.fill_diagonal(ranked, -1.0)
    # R2: points at the same distance are ranked by their index, by a stable sort [2.1¶1]
    order = np.argsort(ranked, axis=1, kind="stable")[:, 1:]
    return NeighbourRanking(squared_distances=squared, order=order)


def build_graph(ranking: NeighbourRanking, neighbours: int, scale_neighbour: int) -> scipy.sparse.csr_matrix:
    """The normalised graph S (n, n) of (1) and (2), symmetric, with an empty diagonal.

    neighbours: k; scale_neighbour: the rank of the neighbour whose distance is the local scale [2.1¶2].
    """
    squared, order = ranking.squared_distances, ranking.order
    count = squared.shape[0]
    for name, rank in (("neighbours", neighbours), ("scale_neighbour", scale_neighbour)):
        if not 1 <= rank <= count - 1:
            raise ValueError(f"{name} = {rank}, but {count} points have ranks from 1 to {count - 1}")

    near = np.zeros((count, count), dtype=bool)
    near[np.arange(count)[:, None], order[:, :neighbours]] = True
    # R1: i ~ j if one is among the k nearest neighbours of the other; never with itself [2.1¶1]
    first, second = np.nonzero(near | near.T)

    # R4: local scale, the distance to the neighbour of the rank of Zelnik-Manor and Perona [2.1¶2]
    scales = np.sqrt(squared[np.arange(count), order[:, scale_neighbour - 1]])
    if np.any(scales == 0.0):
        raise ValueError("a point has so many duplicates that its local scale is 0; (1) is undefined")

    # R3: self-tuning affinities exp(-||x_i - x_j||^2 / (sigma_i sigma_j)) on the edges, else 0 (eq:1)
    affinities = np.exp(-squared[first, second] / (scales[first] * scales[second]))

    degrees = np.bincount(first, weights=affinities, minlength=count)
    roots = np.sqrt(degrees)
    # R5: S = D^(-1/2) A D^(-1/2) with D_ii = sum_j A_ij (eq:2)
    normalised = affinities / (roots[first] * roots[second])
    return scipy.sparse.csr_matrix((normalised, (first, second)), shape=(count, count))


def embed(graph: scipy.sparse.csr_matrix, dimensions: int, unit_sphere: bool) -> np.ndarray:
    """The embedding (n, r) of the points by the leading eigenvectors of S [eq:3].

    dimensions: r; unit_sphere: whether s_i is that of (12), or s_i = 1 as in the variant of [app:A¶4].
    """
    count = graph.shape[0]
    if not 1 <= dimensions <= count:
        raise ValueError(f"dimensions = {dimensions}, but the graph has {count} points")
    # R6: orthonormal eigenvectors of S with the r largest eigenvalues, the first included [2.1¶3]
    _, vectors = scipy.linalg.eigh(graph.toarray(), subset_by_index=[count - dimensions, count - 1])
    vectors = vectors[:, ::-1]

    if unit_sphere:
        norms = np.sqrt(np.sum(vectors**2, axis=1, keepdims=True))
        if np.any(norms == 0.0):
            raise ValueError("a point has no part in the leading eigenvectors; (12) is undefined")
        # R57: s_i = (sum_a v_ai^2)^(-1/2), which moves each point to the unit sphere (eq:12)
        scale = 1.0 / norms
    else:
        # R60: s_i = 1, rows of the embedding left as they are [app:A¶4]
        scale = np.ones((count, 1))
    # R7: e_i = s_i (v_1i, ..., v_ri), not weighted by the eigenvalues (eq:3)
    return scale * vectors


def component_ids(graph: scipy.sparse.csr_matrix) -> np.ndarray:
    """The number of the connected component (n,) that each point of the graph is in [2.5¶2]."""
    _, components = scipy.sparse.csgraph.connected_components(graph, directed=False)
    return components
