import math
from pathlib import Path

import numpy as np
import pytest
import yaml

from kiln.data import Digits
from kiln.graph import build_embedding, build_graph, check_components, squared_distances


def digits(points, y=None):
    x = np.array(points, dtype=np.float64)
    if x.ndim == 1:
        x = x[:, None]
    return Digits(x=x, y=np.zeros(len(x), dtype=np.int64) if y is None else y, n_classes=2)


def random_digits(n, d, seed):
    return digits(np.random.default_rng(seed).integers(0, 17, size=(n, d)))


def reference(x, k, rank):
    """S by (1) and (2), point by point in the words of the paper; also the edges."""
    n = len(x)
    d2 = [[sum((int(a) - int(b)) ** 2 for a, b in zip(x[i], x[j])) for j in range(n)] for i in range(n)]
    order = [sorted((j for j in range(n) if j != i), key=lambda j: (d2[i][j], j)) for i in range(n)]
    sigma = [math.sqrt(d2[i][order[i][rank - 1]]) for i in range(n)]
    edges = [[j in order[i][:k] or i in order[j][:k] for j in range(n)] for i in range(n)]
    a = [
        [math.exp(-d2[i][j] / (sigma[i] * sigma[j])) if i != j and edges[i][j] else 0.0 for j in range(n)]
        for i in range(n)
    ]
    degree = [math.fsum(row) for row in a]
    s = [[a[i][j] / math.sqrt(degree[i] * degree[j]) for j in range(n)] for i in range(n)]
    return np.array(s), np.array(edges)


def test_squared_distances_by_hand():
    # R1, R2: Euclidean distances, exact for integers [2.1¶1]
    a = np.array([[1.0, 2.0, 5.0], [7.0, 3.0, 4.0]])
    b = np.array([[4.0, 6.0, 2.0], [9.0, 8.0, 16.0], [7.0, 3.0, 4.0]])
    assert squared_distances(a, b).tolist() == [[34.0, 221.0, 38.0], [22.0, 173.0, 0.0]]


def test_squared_distances_are_never_negative():
    # R3: a distance below zero would make an affinity larger than one (eq:1)
    points = np.random.default_rng(0).normal(size=(60, 20)) + 3.7
    d2 = squared_distances(points, points)
    assert d2.min() >= 0
    assert np.abs(np.diag(d2)).max() < 1e-11


def test_graph_of_four_points_by_hand():
    # R1, R3, R4, R6: points 0, 1, 3, 7 with k = 1 and the second neighbour as the scale (eq:1, eq:2)
    # neighbours: 0-1, 1-0, 3-1, 7-3; scales 3, 2, 3, 6
    s = build_graph(digits([0, 1, 3, 7]), 1, 2).s
    a01, a12, a23 = math.exp(-1 / 6), math.exp(-4 / 6), math.exp(-16 / 18)
    d = [a01, a01 + a12, a12 + a23, a23]
    expected = np.zeros((4, 4))
    for i, j, a in ((0, 1, a01), (1, 2, a12), (2, 3, a23)):
        expected[i, j] = expected[j, i] = a / math.sqrt(d[i] * d[j])
    np.testing.assert_allclose(s, expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize(("k", "rank"), [(2, 5), (4, 3), (5, 7)])
def test_graph_follows_the_equations(k, rank):
    # R1, R3, R4, R6: union of the neighbour lists, self-tuning affinities, symmetric normalisation (eq:1, eq:2)
    data = random_digits(26, 3, seed=k)
    graph = build_graph(data, k, rank)
    expected, edges = reference(data.x, k, rank)
    assert np.array_equal(graph.s > 0, edges & ~np.eye(len(edges), dtype=bool))
    np.testing.assert_allclose(graph.s, expected, rtol=1e-12, atol=0)
    assert np.array_equal(graph.s_sparse.toarray(), graph.s)


def test_either_direction_of_neighbourhood_connects():
    # R1: 9 is not the nearest of any other point, but 4 is its nearest, so they are connected [2.1¶1]
    s = build_graph(digits([0, 1, 3, 4, 9]), 1, 2).s
    connected = {(i, j) for i, j in np.argwhere(s > 0).tolist()}
    assert connected == {(0, 1), (1, 0), (2, 3), (3, 2), (3, 4), (4, 3)}


def test_no_point_is_its_own_neighbour():
    # R1, R3: the diagonal is zero, and k = n - 1 connects all pairs (eq:1)
    data = random_digits(9, 4, seed=3)
    s = build_graph(data, 8, 7).s
    assert np.array_equal(s > 0, ~np.eye(9, dtype=bool))
    np.testing.assert_allclose(s, reference(data.x, 8, 7)[0], rtol=1e-12, atol=0)
    # With fewer neighbours, k others remain for each point, as the point itself takes no place in its list.
    for k in (1, 3):
        s = build_graph(data, k, 7).s
        assert np.array_equal(np.diag(s), np.zeros(9))
        assert (np.count_nonzero(s, axis=1) >= k).all()
        np.testing.assert_allclose(s, reference(data.x, k, 7)[0], rtol=1e-12, atol=0)
    for k, rank in ((9, 7), (3, 9)):
        with pytest.raises(ValueError):
            build_graph(data, k, rank)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_tie_goes_to_the_smaller_index(sign):
    # R2: points 1 and 2 are equally far from point 0; only point 1 is its neighbour [2.1¶1]
    s = build_graph(digits([0, 2 * sign, -2 * sign, -3 * sign, 3 * sign]), 1, 2).s
    assert s[0, 1] > 0
    assert s[0, 2] == 0
    # edges 0-1, 1-4, 2-3; second neighbours are at 2, 2, 2, 3 and 3
    a01, a14 = math.exp(-4 / 4), math.exp(-1 / 6)
    assert s[0, 1] == pytest.approx(a01 / math.sqrt(a01 * (a01 + a14)), rel=1e-14)
    assert s[1, 4] == pytest.approx(a14 / math.sqrt((a01 + a14) * a14), rel=1e-14)
    assert s[2, 3] == pytest.approx(1, rel=1e-14)
    assert np.count_nonzero(s) == 6
    # The 20 lattice points at the distance 25 from the origin all tie; their own neighbours are on the circle.
    circle = [(a, b) for a in range(-25, 26) for b in range(-25, 26) if a * a + b * b == 625]
    order = np.random.default_rng(2 + sign).permutation(len(circle))
    points = [circle[index] for index in order]
    points.insert(8, (0, 0))
    s = build_graph(digits(points), 3, 4).s
    assert np.flatnonzero(s[8]).tolist() == [0, 1, 2]


def test_many_ties_are_ranked_by_index():
    # R2: on a lattice nearly every neighbour list is cut within a tie [2.1¶1]
    lattice = np.array([(i, j) for i in range(9) for j in range(11)])
    lattice = lattice[np.random.default_rng(5).permutation(len(lattice))]
    data = digits(lattice)
    for k in (3, 6):
        graph = build_graph(data, k, 7)
        expected, edges = reference(data.x, k, 7)
        assert np.array_equal(graph.s > 0, edges & ~np.eye(len(edges), dtype=bool))
        np.testing.assert_allclose(graph.s, expected, rtol=1e-12, atol=0)


def test_affinities_do_not_depend_on_the_units():
    # R3, R4: the scales grow with the data, so S is the same for inputs times 4 [2.1¶2]
    data = random_digits(20, 3, seed=8)
    s = build_graph(data, 4, 5).s
    np.testing.assert_allclose(build_graph(digits(4 * data.x), 4, 5).s, s, rtol=1e-13, atol=0)
    # The common value is that of (1) and (2), for either unit.
    for x in (data.x, 4 * data.x):
        np.testing.assert_allclose(s, reference(x, 4, 5)[0], rtol=1e-12, atol=0)


def test_local_scale_does_not_depend_on_k():
    # R4: with one neighbour in the graph, the scale is still the distance to the 3rd other point [2.1¶2]
    # points 0, 1, 5, 12: scales 12, 11, 7, 12; edges 0-1, 1-5, 5-12
    s = build_graph(digits([0, 1, 5, 12]), 1, 3).s
    a01, a12, a23 = math.exp(-1 / 132), math.exp(-16 / 77), math.exp(-49 / 84)
    assert s[0, 1] == pytest.approx(a01 / math.sqrt(a01 * (a01 + a12)), rel=1e-14)
    assert s[2, 3] == pytest.approx(a23 / math.sqrt((a12 + a23) * a23), rel=1e-14)


def test_a_local_scale_of_zero_is_refused():
    # R4: (1) divides by the scales [2.1¶2]
    with pytest.raises(ValueError):
        build_graph(digits([3, 3, 5, 9]), 2, 1)


def test_parameters_of_the_paper():
    # R4: 7th neighbour [2.1¶2]; R22: k = 10 and r = 20 [tab:1]; R59: double precision
    model = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["model"]
    assert (model["scale_neighbour"], model["k"], model["r"]) == (7, 10, 20)
    assert model["dtype"] == "float64"
    assert model["unit_rows"] is True
    # With these values the code builds the graph of 10 neighbours and 7th scales, and 20 unit directions.
    data = random_digits(40, 4, seed=9)
    graph = build_graph(data, model["k"], model["scale_neighbour"])
    np.testing.assert_allclose(graph.s, reference(data.x, 10, 7)[0], rtol=1e-12, atol=0)
    e = build_embedding(graph, model["r"], model["unit_rows"])
    top = np.linalg.eigh(graph.s)[1][:, -20:]
    norms = np.sqrt((top**2).sum(axis=1))
    assert e.shape == (40, 20)
    np.testing.assert_allclose(e @ e.T, (top @ top.T) / np.outer(norms, norms), rtol=0, atol=1e-10)
    assert (graph.s.dtype, e.dtype) == (np.float64, np.float64)


def test_largest_eigenvalue_is_one():
    # R6: D^(1/2) 1 is an eigenvector of S with the eigenvalue 1, the largest one (eq:2)
    s = build_graph(random_digits(30, 3, seed=1), 5, 7).s
    assert np.array_equal(s, s.T) or np.abs(s - s.T).max() < 1e-16
    assert np.linalg.eigvalsh(s)[-1] == pytest.approx(1, abs=1e-13)


@pytest.mark.parametrize("r", [3, 7, 15])
def test_embedding_has_the_largest_eigenvalues(r):
    # R7, R59: orthonormal eigenvectors, largest eigenvalues first, the leading one included [2.1¶3]
    graph = build_graph(random_digits(30, 3, seed=2), 5, 7)
    e = build_embedding(graph, r, False)
    values = np.linalg.eigvalsh(graph.s)[::-1][:r]
    assert e.dtype == np.float64
    np.testing.assert_allclose(e.T @ e, np.eye(r), rtol=0, atol=1e-13)
    np.testing.assert_allclose(graph.s @ e, e * values, rtol=0, atol=1e-13)
    assert values[0] == pytest.approx(1, abs=1e-13)


def test_rows_are_scaled_to_the_unit_sphere():
    # R56: e_i = v_i / |v_i| over the r eigenvectors, without weights by eigenvalues (eq:3, eq:12)
    graph = build_graph(random_digits(30, 3, seed=4), 5, 7)
    raw = build_embedding(graph, 6, False)
    scaled = build_embedding(graph, 6, True)
    np.testing.assert_allclose((scaled**2).sum(axis=1), 1, rtol=1e-14)
    _, vectors = np.linalg.eigh(graph.s)
    top = vectors[:, -6:]
    norms = np.sqrt((top**2).sum(axis=1))
    np.testing.assert_allclose(scaled @ scaled.T, (top @ top.T) / np.outer(norms, norms), rtol=0, atol=1e-11)
    np.testing.assert_allclose(scaled * norms[:, None], raw, rtol=0, atol=1e-11)


def test_embedding_is_computed_once_and_without_labels():
    # R9: the same array for every draw; other labels give the same graph [2.1¶4]
    data = random_digits(18, 3, seed=6)
    graph = build_graph(data, 4, 5)
    assert build_graph(data, 4, 5) is graph
    assert build_embedding(graph, 5, True) is build_embedding(graph, 5, True)
    relabelled = digits(data.x, y=np.arange(18) % 2)
    assert np.array_equal(build_graph(relabelled, 4, 5).s, graph.s)


def test_every_component_needs_a_label():
    # R30: connected, or a label in every component [2.5¶2]
    component = np.array([0, 2, 1, 0, 1, 2])
    check_components(component, np.array([1, 3, 4]))
    for labelled in ([0, 1, 3, 5], [2, 4], [1, 2]):
        with pytest.raises(ValueError):
            check_components(component, np.array(labelled))


def test_components_of_the_graph():
    # R30: two distant groups are two components, and a chain is one [2.5¶2]
    component = build_graph(digits([0, 1, 3, 4, 100, 102, 103, 107]), 2, 3).component
    assert len(set(component[:4].tolist())) == 1
    assert len(set(component[4:].tolist())) == 1
    assert component[0] != component[4]
    with pytest.raises(ValueError):
        check_components(component, np.array([0, 2, 3]))
    check_components(component, np.array([1, 6]))
    chain = build_graph(digits([0, 1, 3, 7]), 1, 2).component
    check_components(chain, np.array([3]))
