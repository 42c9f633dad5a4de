"""Property tests of src/affinity_graph.py, worked out from [2.1] and [app:A]."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse

from src.affinity_graph import build_graph, embed, rank_neighbours


def line(*values: float) -> np.ndarray:
    """Points (n, 1) on a line."""
    return np.array(values, dtype=np.float64)[:, None]


def cycle(count: int) -> scipy.sparse.csr_matrix:
    """S of a ring of count points with equal affinities: 1/2 between neighbours."""
    matrix = np.zeros((count, count))
    for i in range(count):
        matrix[i, (i + 1) % count] = matrix[(i + 1) % count, i] = 0.5
    return scipy.sparse.csr_matrix(matrix)


def path_of_three() -> scipy.sparse.csr_matrix:
    """S of the path 0 - 1 - 2 with equal affinities; its eigenvalues are 1, 0 and -1."""
    side = 1.0 / math.sqrt(2.0)
    return scipy.sparse.csr_matrix(np.array([[0.0, side, 0.0], [side, 0.0, side], [0.0, side, 0.0]]))


def test_edges_are_the_union_of_both_neighbourhoods():
    # R1: with k = 1 on 0, 1, 3, 7 the nearest ones are 1, 0, 1, 2, whose union is a chain [2.1¶1]
    graph = build_graph(rank_neighbours(line(0, 1, 3, 7)), 1, 2).toarray()
    expected = np.zeros((4, 4), dtype=bool)
    for i, j in ((0, 1), (1, 2), (2, 3)):
        expected[i, j] = expected[j, i] = True
    assert np.array_equal(graph > 0.0, expected)


def test_point_is_not_its_own_neighbour_even_with_duplicates():
    # R1: no point is connected to itself, duplicates are connected to each other [2.1¶1]
    ranking = rank_neighbours(line(4, 4, 0, 9))
    for point in range(4):
        assert sorted(ranking.order[point].tolist()) == [other for other in range(4) if other != point]
    graph = build_graph(ranking, 1, 2).toarray()
    assert np.all(np.diag(graph) == 0.0)
    assert graph[0, 1] > 0.0 and graph[1, 0] > 0.0


def test_equal_distances_are_ranked_by_index():
    # R2: unit vectors are all at the same distance, so that each row is ranked by index [2.1¶1]
    count = 40
    order = rank_neighbours(np.eye(count)).order
    for point in range(count):
        assert order[point].tolist() == [other for other in range(count) if other != point]


def test_tie_at_the_kth_rank_takes_the_smaller_index():
    # R2: point 0 lies between 1 and 2 at the same distance; with k = 1 only 1 is its neighbour [2.1¶1]
    for values in ((0, -2, 2, -3, 3), (0, 2, -2, 3, -3)):
        graph = build_graph(rank_neighbours(line(*values)), 1, 2).toarray()
        assert graph[0, 1] > 0.0
        assert graph[0, 2] == 0.0


def test_affinities_on_a_line_by_hand():
    # R3: on 0, 1, 3, 7 with the 2nd neighbour as scale, sigma is 3, 2, 3, 6 (eq:1)
    first, second, third = math.exp(-1.0 / 6.0), math.exp(-4.0 / 6.0), math.exp(-16.0 / 18.0)
    expected = np.zeros((4, 4))
    expected[0, 1] = first / math.sqrt(first * (first + second))
    expected[1, 2] = second / math.sqrt((first + second) * (second + third))
    expected[2, 3] = third / math.sqrt((second + third) * third)
    expected += expected.T
    graph = build_graph(rank_neighbours(line(0, 1, 3, 7)), 1, 2).toarray()
    np.testing.assert_allclose(graph, expected, rtol=1e-14, atol=0.0)


def test_local_scale_is_the_unsquared_distance_to_the_seventh_other_point():
    # R4: on 0, ..., 9 the 7th others of 0, 1 and 2 are at 7, 6 and 5; k = 1 makes a chain by the tie rule [2.1¶2]
    graph = build_graph(rank_neighbours(line(*range(10))), 1, 7).toarray()
    first, second = math.exp(-1.0 / 42.0), math.exp(-1.0 / 30.0)
    assert graph[0, 1] == pytest.approx(math.sqrt(first / (first + second)), rel=1e-14)


@pytest.mark.parametrize("neighbours", [1, 3, 9])
def test_graph_by_the_words_of_the_paper(neighbours):
    # R4: the scale is that of the 7th neighbour whatever k is, on irregular points (eq:1, eq:2)
    points = np.random.default_rng(5).integers(0, 17, size=(12, 3)).astype(np.float64)
    count = len(points)
    distance = [[math.dist(a, b) for b in points] for a in points]
    squared = [[sum((u - v) ** 2 for u, v in zip(a, b, strict=True)) for b in points] for a in points]
    ranked = [sorted((j for j in range(count) if j != i), key=lambda j: (squared[i][j], j)) for i in range(count)]
    sigma = [distance[i][ranked[i][6]] for i in range(count)]
    affinity = np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            if i != j and (j in ranked[i][:neighbours] or i in ranked[j][:neighbours]):
                affinity[i, j] = math.exp(-squared[i][j] / (sigma[i] * sigma[j]))
    degree = affinity.sum(axis=1)
    expected = affinity / np.sqrt(np.outer(degree, degree))
    graph = build_graph(rank_neighbours(points), neighbours, 7).toarray()
    np.testing.assert_allclose(graph, expected, rtol=1e-13, atol=0.0)


def test_graph_does_not_change_when_all_points_are_scaled():
    # R3: sigma scales with the data, so that the exponents do not change [2.1¶2]
    points = np.random.default_rng(3).integers(0, 17, size=(15, 4)).astype(np.float64)
    small = build_graph(rank_neighbours(points), 4, 7).toarray()
    large = build_graph(rank_neighbours(4.0 * points), 4, 7).toarray()
    np.testing.assert_allclose(large, small, rtol=1e-14, atol=0.0)


def test_normalisation_of_a_complete_graph_with_equal_affinities():
    # R5: n equidistant points with k = n - 1 have S_ij = 1/(n - 1) whatever the affinity is (eq:2)
    count = 9
    graph = build_graph(rank_neighbours(np.eye(count)), count - 1, 7).toarray()
    expected = (np.ones((count, count)) - np.eye(count)) / (count - 1)
    np.testing.assert_allclose(graph, expected, rtol=1e-14, atol=0.0)


def test_graph_is_symmetric_with_largest_eigenvalue_one():
    # R5: S is symmetric and the largest eigenvalue of D^(-1/2) A D^(-1/2) is 1 (eq:2, [2.4¶3])
    points = np.random.default_rng(8).integers(0, 17, size=(20, 5)).astype(np.float64)
    graph = build_graph(rank_neighbours(points), 5, 7).toarray()
    np.testing.assert_allclose(graph, graph.T, rtol=1e-15, atol=0.0)
    assert np.linalg.eigvalsh(graph)[-1] == pytest.approx(1.0, abs=1e-13)


def test_leading_eigenvectors_of_a_ring():
    # R6: eigenvalues are cos(2 pi a / 6); the three largest, not those of largest modulus, span this projector [2.1¶3]
    vectors = embed(cycle(6), 3, False)
    assert vectors.shape == (6, 3)
    index = np.arange(6)
    angles = 2.0 * np.pi * (index[:, None] - index[None, :]) / 6.0
    np.testing.assert_allclose(vectors @ vectors.T, (1.0 + 2.0 * np.cos(angles)) / 6.0, rtol=0.0, atol=1e-13)


def test_first_eigenvector_is_included_and_comes_first():
    # R6: v_1 of the ring belongs to the eigenvalue 1 and is constant [2.1¶3]
    vectors = embed(cycle(6), 3, False)
    np.testing.assert_allclose(np.abs(vectors[:, 0]), np.full(6, 1.0 / math.sqrt(6.0)), rtol=0.0, atol=1e-13)
    assert abs(abs(vectors[:, 0].sum()) - math.sqrt(6.0)) < 1e-12


def test_eigenvectors_are_not_weighted():
    # R7: with s_i = 1 the columns are orthonormal, not scaled by their eigenvalues 1, 1/2, 1/2 (eq:3)
    vectors = embed(cycle(6), 3, False)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(3), rtol=0.0, atol=1e-13)


def test_unit_sphere_on_a_path_by_hand():
    # R57: v_1 = (1, sqrt 2, 1)/2 and v_2 = (1, 0, -1)/sqrt 2, so the rows have squared norms 3/4, 1/2, 3/4 (eq:12)
    rows = embed(path_of_three(), 2, True)
    side = 1.0 / math.sqrt(3.0)
    expected = np.array([[1.0, side, -1.0 / 3.0], [side, 1.0, side], [-1.0 / 3.0, side, 1.0]])
    np.testing.assert_allclose(rows @ rows.T, expected, rtol=0.0, atol=1e-13)


def test_rows_have_unit_norm():
    # R57: every e_i has unit Euclidean norm (eq:12)
    points = np.random.default_rng(11).integers(0, 17, size=(20, 5)).astype(np.float64)
    rows = embed(build_graph(rank_neighbours(points), 6, 7), 4, True)
    assert rows.shape == (20, 4)
    np.testing.assert_allclose(np.sum(rows**2, axis=1), np.ones(20), rtol=0.0, atol=1e-14)


def test_scale_of_a_point_is_positive_and_its_own():
    # R7: e_i is v_i times a positive number of its own, here 2/sqrt 3, sqrt 2, 2/sqrt 3 (eq:3, eq:12)
    plain, scaled = embed(path_of_three(), 2, False), embed(path_of_three(), 2, True)
    scale = np.array([2.0 / math.sqrt(3.0), math.sqrt(2.0), 2.0 / math.sqrt(3.0)])
    np.testing.assert_allclose(scaled, scale[:, None] * plain, rtol=0.0, atol=1e-13)


def test_double_precision_whatever_the_points_are():
    # R62: distances, affinities and eigenvectors are 64-bit floats, for narrow integers too [2.1¶1]
    values = np.random.default_rng(2).integers(0, 17, size=(12, 6))
    for kind in (np.uint8, np.float32, np.float64):
        ranking = rank_neighbours(values.astype(kind))
        assert ranking.squared_distances.dtype == np.float64
        expected = ((values[:, None, :] - values[None, :, :]) ** 2).sum(axis=2)
        assert np.array_equal(ranking.squared_distances, expected)
        graph = build_graph(ranking, 4, 7)
        assert graph.dtype == np.float64
        assert embed(graph, 3, True).dtype == np.float64
