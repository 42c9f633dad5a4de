"""Property tests of kiln/spreading.py: the baselines of [3¶2] and equation 11."""

import numpy as np
import pytest
from scipy import sparse

from kiln.spreading import (
    class_mass,
    label_matrix,
    label_spreading,
    label_spreading_class_mass,
    nearest_labelled,
    spreading_scores,
)


def random_graph(seed: int, n: int = 12) -> sparse.csr_matrix:
    A = np.triu(np.random.default_rng(seed).random((n, n)), 1)
    A = A + A.T
    D = A.sum(axis=1)
    return sparse.csr_matrix(A / np.sqrt(np.outer(D, D)))


# R34: from (0, 0) the point (3, 3) is closer than (5, 0) in Euclidean, but not in city block distance
def test_nearest_is_euclidean():
    x = np.array([[0.0, 0], [5, 0], [3, 3], [9, 1]])
    y = np.array([7, 1, 2, 7])
    np.testing.assert_array_equal(nearest_labelled(x, y, np.array([1, 2])), [2, 1, 2, 1])


# R34: the closest labelled point, found one by one; only labels of labelled points count, a shift of all changes nothing
def test_nearest_one_by_one():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 3)), rng.integers(0, 4, 30)
    labelled = np.array([2, 9, 11, 25])
    expected = [y[min(labelled, key=lambda j, p=p: np.sqrt(((p - x[j]) ** 2).sum()))] for p in x]
    predicted = nearest_labelled(x, y, labelled)
    np.testing.assert_array_equal(predicted, expected)
    np.testing.assert_array_equal(predicted[labelled], y[labelled])
    other = (y + 1) % 4
    other[labelled] = y[labelled]
    np.testing.assert_array_equal(nearest_labelled(x, other, labelled), expected)
    np.testing.assert_array_equal(nearest_labelled(x + 5, y, labelled), expected)


# R35: Y has a one-hot row for each labelled point and zeros elsewhere (eq:11)
def test_label_matrix():
    Y = label_matrix(np.array([1, 2, 0, 1]), np.array([0, 1]), 3)
    np.testing.assert_array_equal(Y, [[0, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]])


# R35: two connected points, one of them labelled: Z = (1, alpha) / (1 - alpha^2) (eq:11)
@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.99])
def test_scores_of_two_points(alpha):
    S = sparse.csr_matrix(np.array([[0.0, 1], [1, 0]]))
    Z = spreading_scores(S, np.array([[1.0], [0]]), alpha)
    np.testing.assert_allclose(Z, np.array([[1], [alpha]]) / (1 - alpha**2), rtol=1e-12)


# R35: Z = alpha S Z + Y, and Z is the series of alpha^k S^k Y (eq:11)
def test_scores_solve_the_equation():
    S = random_graph(1)
    Y = label_matrix(np.arange(12) % 3, np.array([0, 1, 2, 5]), 3)
    Z = spreading_scores(S, Y, 0.99)
    np.testing.assert_allclose(Z - 0.99 * (S @ Z), Y, atol=1e-11)
    series, term = np.zeros_like(Y), Y.copy()
    for _ in range(80):
        series += term
        term = 0.5 * (S @ term)
    np.testing.assert_allclose(spreading_scores(S, Y, 0.5), series, rtol=1e-12)


# R35: on a path of four points with labelled ends, both inner points follow the closer end
def test_label_spreading_on_a_path():
    a = np.sqrt(0.5)
    S = sparse.csr_matrix(np.array([[0, a, 0, 0], [a, 0, 0.5, 0], [0, 0.5, 0, a], [0, 0, a, 0]]))
    Y = np.array([[1.0, 0], [0, 0], [0, 0], [0, 1]])
    np.testing.assert_array_equal(label_spreading(spreading_scores(S, Y, 0.99)), [0, 0, 1, 1])


# R35: the largest entry of Z itself; R36: of Z / (8, 3), which is (3/8, 2/3) and (5/8, 1/3)
def test_class_mass_by_hand():
    Z = np.array([[3.0, 2], [5, 1]])
    np.testing.assert_array_equal(label_spreading(Z), [0, 0])
    np.testing.assert_array_equal(label_spreading_class_mass(Z), [1, 0])
    np.testing.assert_allclose(class_mass(Z), [[3 / 8, 2 / 3], [5 / 8, 1 / 3]], rtol=1e-15)


# R36: columns of the normalised scores sum to one, the factor of a column changes nothing
def test_class_mass_invariance():
    Z = np.random.default_rng(2).random((20, 4))
    factors = np.array([0.1, 1, 10, 3])
    np.testing.assert_allclose(class_mass(Z).sum(axis=0), 1, rtol=1e-14)
    np.testing.assert_array_equal(label_spreading_class_mass(Z * factors), label_spreading_class_mass(Z))
    np.testing.assert_array_equal(label_spreading_class_mass(Z), np.argmax(Z / Z.sum(axis=0), axis=1))


# R35: a factor of a row changes nothing in label spreading
def test_label_spreading_is_row_wise():
    Z = np.random.default_rng(3).random((20, 4))
    factors = np.random.default_rng(4).random((20, 1)) + 0.1
    np.testing.assert_array_equal(label_spreading(Z * factors), label_spreading(Z))
