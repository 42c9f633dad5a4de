"""Property tests of kiln/graph.py, from equations 1 to 3 and 12."""

import numpy as np
import pytest
from scipy import sparse

from kiln.graph import check_components, normalised_graph, spectral_embedding


def line(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, np.newaxis]


def edges(S) -> set[tuple[int, int]]:
    i, j = np.nonzero(S.toarray())
    return {(int(a), int(b)) for a, b in zip(i, j, strict=True) if a < b}


def grey_values(seed: int, n: int = 40, features: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 17, (n, features)).astype(float)


def cycle() -> sparse.csr_matrix:
    """The normalised cycle of six points, with eigenvalues cos(2 pi k / 6): 1, 1/2, 1/2, -1/2, -1/2, -1."""
    ring = np.roll(np.eye(6), 1, axis=1)
    return sparse.csr_matrix((ring + ring.T) / 2)


# R1: the third point has the second as neighbour, but not the other way round; R4, R5: sigma = (1, 1, 2)
# R6: A_01 = e^-1, A_12 = e^-2, D = (e^-1, e^-1 + e^-2, e^-2) (eq:1, eq:2)
def test_three_points_by_hand():
    S = normalised_graph(line(0, 1, 3), 1, 1).toarray()
    a, b = 1 / np.sqrt(1 + np.exp(-1)), 1 / np.sqrt(1 + np.e)
    np.testing.assert_allclose(S, [[0, a, 0], [a, 0, b], [0, b, 0]], rtol=1e-14)


# R4: with k = 2 the far pair has exp(-9 / (1 * 2)); R5: the local scales do not change with k (eq:1)
def test_local_scale_does_not_depend_on_k():
    S = normalised_graph(line(0, 1, 3), 2, 1).toarray()
    A = np.exp([[-np.inf, -1, -4.5], [-1, -np.inf, -2], [-4.5, -2, -np.inf]])
    D = A.sum(axis=1)
    np.testing.assert_allclose(S, A / np.sqrt(np.outer(D, D)), rtol=1e-14)


# R1, R2, R4, R5, R6: the graph written out with whole numbers, ties ranked by index, K = 7
@pytest.mark.parametrize("k", [5, 10])
@pytest.mark.parametrize("seed", [0, 1])
def test_graph_written_out(seed, k):
    x = grey_values(seed)
    n = len(x)
    d = [[sum(int(a - b) ** 2 for a, b in zip(x[i], x[j], strict=True)) for j in range(n)] for i in range(n)]
    ranked = [sorted((j for j in range(n) if j != i), key=lambda j, i=i: (d[i][j], j)) for i in range(n)]
    sigma = [d[i][ranked[i][6]] ** 0.5 for i in range(n)]
    A = np.zeros((n, n))
    for i in range(n):
        for j in ranked[i][:k]:
            A[i, j] = A[j, i] = np.exp(-d[i][j] / (sigma[i] * sigma[j]))
    D = A.sum(axis=1)
    np.testing.assert_allclose(
        normalised_graph(x, k, 7).toarray(), A / np.sqrt(np.outer(D, D)), rtol=1e-13, atol=0
    )


# R2: the point at 0 has two neighbours at distance 3, which both have a closer one; the smaller index wins
def test_ties_go_to_the_smaller_index():
    assert edges(normalised_graph(line(0, 3, 4, -3, -4), 1, 1)) == {(0, 1), (1, 2), (3, 4)}
    assert edges(normalised_graph(line(0, -4, -3, 3, 4), 1, 1)) == {(0, 2), (1, 2), (3, 4)}
    assert edges(normalised_graph(line(3, 4, -3, -4, 0), 1, 1)) == {(0, 1), (2, 3), (0, 4)}


# R1: a point is not its own neighbour, even if it has a duplicate; R2: the point at 1 takes the first duplicate
def test_duplicates():
    S = normalised_graph(line(0, 0, 1, 10), 1, 2)
    assert edges(S) == {(0, 1), (0, 2), (2, 3)}
    np.testing.assert_array_equal(S.toarray().diagonal(), 0)


# R3: exact distances do not change if whole numbers are added, however large
def test_translation_changes_nothing():
    x = grey_values(2)
    np.testing.assert_array_equal(
        normalised_graph(x + 2.0**27, 5, 7).toarray(), normalised_graph(x, 5, 7).toarray()
    )


# R5: the local scale grows with the data, so that a factor changes nothing ([2.1¶2])
def test_scaling_changes_nothing():
    x = grey_values(3)
    np.testing.assert_allclose(
        normalised_graph(3 * x, 10, 7).toarray(), normalised_graph(x, 10, 7).toarray(), rtol=1e-12
    )


# R6: S is symmetric with zero diagonal, its eigenvalues are in [-1, 1] and the largest one is 1 (eq:2)
def test_spectrum():
    S = normalised_graph(grey_values(4), 10, 7).toarray()
    np.testing.assert_allclose(S, S.T, rtol=1e-14)
    np.testing.assert_array_equal(S.diagonal(), 0)
    values = np.linalg.eigvalsh(S)
    assert values[0] >= -1 - 1e-12
    np.testing.assert_allclose(values[-1], 1, rtol=1e-12)


# R7: the three largest eigenvalues of the cycle, the leading one and not the -1 (eq:3)
# R52: with s_i = 1 the inner products are (1 + 2 cos(pi (i - j) / 3)) / 6
def test_embedding_of_the_cycle():
    i = np.arange(6)
    expected = (1 + 2 * np.cos(np.pi * (i[:, None] - i) / 3)) / 6
    E = spectral_embedding(cycle(), 3, False)
    assert E.shape == (6, 3)
    np.testing.assert_allclose(E @ E.T, expected, atol=1e-13)


# R51: on the unit sphere all points of the cycle have s_i = sqrt(2) (eq:12)
def test_unit_sphere_of_the_cycle():
    i = np.arange(6)
    E = spectral_embedding(cycle(), 3, True)
    np.testing.assert_allclose(E @ E.T, (1 + 2 * np.cos(np.pi * (i[:, None] - i) / 3)) / 3, atol=1e-13)


# R7: the columns are orthonormal eigenvectors of the r largest eigenvalues
@pytest.mark.parametrize("r", [1, 4, 20])
def test_orthonormal_eigenvectors(r):
    S = normalised_graph(grey_values(5), 10, 7)
    V = spectral_embedding(S, r, False)
    np.testing.assert_allclose(V.T @ V, np.eye(r), atol=1e-12)
    values = np.diag(V.T @ (S @ V))
    np.testing.assert_allclose(S @ V, V * values, atol=1e-12)
    np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(S.toarray())[-r:], atol=1e-12)


# R8: a positive factor for each point is all that differs from the eigenvectors; R51: it is the inverse norm (eq:12)
def test_scales_are_positive_inverse_norms():
    S = normalised_graph(grey_values(6), 10, 7)
    V, E = spectral_embedding(S, 6, False), spectral_embedding(S, 6, True)
    np.testing.assert_allclose((E**2).sum(axis=1), 1, rtol=1e-14)
    gram = V @ V.T
    norms = np.sqrt(np.diag(gram))
    np.testing.assert_allclose(E @ E.T, gram / np.outer(norms, norms), atol=1e-12)


# R9: the embedding is a function of the graph: again the same, and it follows a new order of the points
def test_embedding_follows_the_graph():
    S = normalised_graph(grey_values(7), 10, 7)
    order = np.random.default_rng(7).permutation(S.shape[0])
    E = spectral_embedding(S, 5, True)
    again = spectral_embedding(S, 5, True)
    np.testing.assert_allclose(again @ again.T, E @ E.T, atol=1e-12)
    permuted = spectral_embedding(S[order][:, order], 5, True)
    np.testing.assert_allclose(permuted @ permuted.T, (E @ E.T)[np.ix_(order, order)], atol=1e-10)


# R26: every component needs a label; one is enough if the graph is connected
def test_components_need_labels():
    pair = np.array([[0.0, 1], [1, 0]])
    two = sparse.csr_matrix(np.kron(np.eye(2), pair))
    for labelled in ([0], [2, 3]):
        with pytest.raises(ValueError):
            check_components(two, np.array(labelled))
    check_components(two, np.array([0, 3]))
    check_components(cycle(), np.array([4]))
