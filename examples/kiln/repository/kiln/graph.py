"""The self-tuning neighbourhood graph and its spectral embedding [2.1, app:A]."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from kiln.data import Digits


@dataclass(frozen=True, eq=False)
class Graph:
    """S of [eq:2] as dense `s` (n, n) and as `s_sparse`, and the `component` (n,) of each point."""

    s: np.ndarray
    s_sparse: csr_array
    component: np.ndarray


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (m, l) between the rows of a (m, d) and b (l, d).

    They are exact for the integer grey values, so that equal distances compare as equal [2.1¶1].
    """
    d2 = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2 * (a @ b.T)
    # Rounding can make the distance of close points of the embedding slightly negative.
    return np.maximum(d2, 0, out=d2)


@lru_cache(maxsize=None)
def build_graph(data: Digits, k: int, scale_neighbour: int) -> Graph:
    """Build S [eq:1, eq:2] for data.x (n, d); `scale_neighbour` is the rank of the local scale [2.1¶2]."""
    # R59: everything below has the precision of the inputs, float64 in the configuration
    x = data.x
    n = len(x)
    if not max(k, scale_neighbour) < n:
        raise ValueError(f"{n} points are too few for k = {k} and scale_neighbour = {scale_neighbour}")
    d2 = squared_distances(x, x)
    ranked = d2.copy()
    np.fill_diagonal(ranked, np.inf)
    # R2: a stable sort ranks points at the same distance by their index [2.1¶1]
    order = np.argsort(ranked, axis=1, kind="stable")
    # R1, R22: i ~ j if one is among the k nearest of the other, never a point with itself [2.1¶1, tab:1]
    edge = np.zeros((n, n), dtype=bool)
    np.put_along_axis(edge, order[:, :k], True, axis=1)
    edge |= edge.T
    # R4: distance to the 7th nearest neighbour, the point itself not counted, whatever k is [2.1¶2]
    sigma = np.sqrt(d2[np.arange(n), order[:, scale_neighbour - 1]])
    if not sigma.all():
        raise ValueError("a local scale is zero: a point has too many duplicates")
    # R3: self-tuning affinities on the edges, zero elsewhere [eq:1]
    a = np.where(edge, np.exp(-d2 / (sigma[:, None] * sigma[None, :])), 0)
    # R6: symmetric normalisation [eq:2]
    scale = 1 / np.sqrt(a.sum(axis=1))
    s = a * scale[:, None] * scale[None, :]
    s_sparse = csr_array(s)
    _, component = connected_components(s_sparse, directed=False)
    # The arrays are shared by all trials of a process.
    s.setflags(write=False)
    component.setflags(write=False)
    return Graph(s=s, s_sparse=s_sparse, component=component)


# R9: one embedding for each graph, independent of the labels and of the draws [2.1¶4]
@lru_cache(maxsize=None)
def build_embedding(graph: Graph, r: int, unit_rows: bool) -> np.ndarray:
    """Return e (n, r) of [eq:3], with s_i of [eq:12] if `unit_rows`, else with s_i = 1 [app:A¶2]."""
    n = len(graph.s)
    # R7, R22, R59: eigenvectors of the r largest eigenvalues, dense and symmetric [2.1¶3, tab:1]
    _, vectors = eigh(graph.s, subset_by_index=[n - r, n - 1])
    e = np.ascontiguousarray(vectors[:, ::-1])
    # R58: without the division the rows are left as they are [tab:5]
    if unit_rows:
        # R56: every point is moved to the unit sphere, without weights by eigenvalues [eq:3, eq:12]
        e = e / np.sqrt((e**2).sum(axis=1, keepdims=True))
    e.setflags(write=False)
    return e


def check_components(component: np.ndarray, labelled: np.ndarray) -> None:
    """Raise an error if a component of the graph, `component` (n,), holds no labelled point [2.5¶2]."""
    # R30: connected, or a label in every component [2.5¶2]
    missing = np.setdiff1d(component, component[labelled])
    if len(missing):
        raise ValueError(f"{len(missing)} components of the graph hold no labelled point")
