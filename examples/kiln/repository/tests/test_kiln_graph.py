from pathlib import Path

import numpy as np
import pytest
import yaml

from kiln.data import Digits
from kiln.graph import build_embedding, build_graph, check_components, squared_distances

CONFIG = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))


def digits(x, label=0):
    x = np.array(x, dtype=CONFIG["model"]["dtype"])
    return Digits(x=x, y=np.full(len(x), label), n_classes=2)


def chain(label=0):
    return digits([[0], [2], [3], [7], [12]], label)


def test_parameters():
    # R22: k and r of Table 1; R4: the 7th neighbour; R59: double precision
    model = CONFIG["model"]
    assert (model["k"], model["r"], model["scale_neighbour"], model["dtype"]) == (10, 20, 7, "float64")
    # On the line 0, ..., 11 ten neighbours are all points but the farthest, so of all pairs only 0, 11 is no edge.
    x, sigma = np.arange(12.0), np.array([7, 6, 5, 4, 4, 4, 4, 4, 4, 5, 6, 7])
    a = np.exp(-(np.subtract.outer(x, x) ** 2) / np.outer(sigma, sigma))
    a[np.diag_indices(12)] = a[0, 11] = a[11, 0] = 0
    d = a.sum(axis=1)
    s = build_graph(digits(x[:, None]), model["k"], model["scale_neighbour"]).s
    np.testing.assert_allclose(s, a / np.sqrt(np.outer(d, d)), rtol=1e-13)
    assert s.dtype == np.float64


def test_squared_distances():
    # R2: exact Euclidean distances of integers
    a, b = np.array([[1.0, 2], [4, -2]]), np.array([[0.0, 5], [3, 1], [2, 2]])
    assert squared_distances(a, b).tolist() == [[10, 5, 1], [65, 10, 20]]


def test_graph_of_five_points():
    # R1: nearest neighbours 1, 2, 1, 2, 3 give the edges 01, 12, 23, 34 (union)
    # R3, R4, R6: distances to the second neighbours are 3, 2, 3, 5, 9 (eq:1, eq:2)
    a = np.diag(np.exp([-4 / 6, -1 / 6, -16 / 15, -25 / 45]), 1)
    a = a + a.T
    d = a.sum(axis=1)
    graph = build_graph(chain(), 1, 2)
    np.testing.assert_allclose(graph.s, a / np.sqrt(np.outer(d, d)), rtol=1e-13)
    np.testing.assert_array_equal(graph.s_sparse.toarray(), graph.s)
    # R59
    assert graph.s.dtype == np.float64


def test_no_point_is_its_own_neighbour():
    # R1: with k = n - 1 every point is connected to all others, never to itself
    np.testing.assert_array_equal(build_graph(chain(), 4, 4).s > 0, ~np.eye(5, dtype=bool))
    for k, scale_neighbour in ((5, 2), (1, 5)):
        with pytest.raises(ValueError):
            build_graph(chain(), k, scale_neighbour)


def test_ties_are_ranked_by_index():
    # R2, R3: 40 points at equal distances with k = 3 choose the smallest indices, so all are connected to 0, 1, 2 only;
    # all affinities are exp(-1), the degrees 39 and 3
    s = build_graph(digits(5 * np.eye(40)), 3, 7).s
    degree = np.where(np.arange(40) < 3, 39, 3)
    edge = (np.minimum.outer(np.arange(40), np.arange(40)) < 3) & ~np.eye(40, dtype=bool)
    np.testing.assert_allclose(s, edge / np.sqrt(np.outer(degree, degree)), rtol=1e-13)


def test_embedding():
    # R7: eigenvectors of the largest eigenvalues in this order; a chain has the eigenvalue -1, which is not among them
    graph = build_graph(chain(), 1, 2)
    values, vectors = np.linalg.eigh(graph.s)
    values, vectors = values[:1:-1], vectors[:, :1:-1]
    raw, unit = build_embedding(graph, 3, False), build_embedding(graph, 3, True)
    assert values[0] == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(graph.s @ raw, raw * values, atol=1e-13)
    gram = vectors @ vectors.T
    np.testing.assert_allclose(raw @ raw.T, gram, atol=1e-13)
    # R56: rows scaled to unit norm, without weights (eq:12); inner products do not depend on signs
    norm = np.sqrt(np.diag(gram))
    np.testing.assert_allclose(unit @ unit.T, gram / np.outer(norm, norm), atol=1e-13)
    # R59
    assert raw.dtype == unit.dtype == np.float64


def test_embedding_once_and_without_labels():
    # R9: one embedding for a graph, whatever the labels
    data = chain()
    graph = build_graph(data, 1, 2)
    e = build_embedding(graph, 3, True)
    assert build_embedding(build_graph(data, 1, 2), 3, True) is e
    np.testing.assert_array_equal(build_embedding(build_graph(chain(1), 1, 2), 3, True), e)


def test_label_in_every_component():
    # R30: the pairs 0, 1 and 2, 3 are components, so labels at 0 and 1 are not enough [2.5¶2]
    component = build_graph(digits([[1], [3], [9], [10]]), 1, 2).component
    assert component[0] == component[1] != component[2] == component[3]
    check_components(component, np.array([1, 2]))
    with pytest.raises(ValueError):
        check_components(component, np.array([0, 1]))
