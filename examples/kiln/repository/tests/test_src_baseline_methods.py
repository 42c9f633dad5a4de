"""Property tests of src/baseline_methods.py, worked out from [2.5] and [3¶2]."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from src.baseline_methods import LabelSpreader, divide_by_class_mass, nearest_labelled, one_hot_labels
from src.digits_data import LabelDraw, draw_labels


def make_draw(points: int, labelled: list[int], classes: list[int]) -> LabelDraw:
    """A draw with the given sorted labelled points."""
    others = [point for point in range(points) if point not in labelled]
    return LabelDraw(
        seed=0, labelled=np.array(labelled), labelled_classes=np.array(classes), unlabelled=np.array(others)
    )


def chain() -> scipy.sparse.csr_matrix:
    """The chain 3 - 0 - 2 - 1; with damping 0.8 its weights are 1/2, 2/5 and 2/5.

    By elimination, 47 (I - 0.8 S)^(-1) has the columns (84, 16, 40, 42), (16, 59, 30, 8) and, for point 3,
    (42, 8, 20, 68).
    """
    matrix = np.zeros((4, 4))
    for i, j, weight in ((3, 0, 0.625), (0, 2, 0.5), (2, 1, 0.5)):
        matrix[i, j] = matrix[j, i] = weight
    return scipy.sparse.csr_matrix(matrix)


def squared_distances(points: np.ndarray) -> np.ndarray:
    return ((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)


def test_label_matrix():
    # R27: one-hot rows for labelled points, zero rows for all others [2.5¶1]
    matrix = one_hot_labels(5, 3, make_draw(5, [1, 4], [2, 0]))
    expected = [[0, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert np.array_equal(matrix, np.array(expected, dtype=np.float64))


def test_nearest_labelled_point_by_hand():
    # R39: on a line with labels at 0, 10 and 6 each point takes the class of the closest one [3¶2]
    points = np.array([[0.0], [10.0], [4.0], [2.0], [6.0], [9.0], [7.0]])
    draw = make_draw(7, [0, 1, 4], [2, 0, 1])
    assert draw.unlabelled.tolist() == [2, 3, 5, 6]
    assert nearest_labelled(squared_distances(points), draw).tolist() == [1, 2, 0, 1]


def test_nearest_labelled_point_ignores_unlabelled_ones():
    # R39: only distances to labelled points count, however close unlabelled ones are [3¶2]
    points = np.random.default_rng(4).integers(0, 17, size=(30, 3)).astype(np.float64)
    draw = make_draw(30, [3, 8, 20, 25], [1, 0, 2, 1])
    expected = []
    for point in draw.unlabelled:
        pairs = [(float(((points[point] - points[other]) ** 2).sum()), int(other)) for other in draw.labelled]
        winner = min(pairs)[1]
        expected.append({3: 1, 8: 0, 20: 2, 25: 1}[winner])
    assert nearest_labelled(squared_distances(points), draw).tolist() == expected


def test_tie_between_labelled_points_goes_to_the_smaller_index():
    # R63: point 1 is as far from 0 as from 2; the class does not decide [3¶2]
    points = np.array([[2.0], [1.0], [0.0]])
    for classes in ([1, 0], [0, 1]):
        assert nearest_labelled(squared_distances(points), make_draw(3, [0, 2], classes)).tolist() == [classes[0]]


def test_tie_does_not_follow_the_permutation_of_the_seed():
    # R63: with all points at the same distance the labelled point of smallest index wins in every draw [3¶2]
    labels = np.array([2, 0, 1, 1, 2, 0, 0, 1, 2, 2, 0, 1])
    distances = 2.0 * (1.0 - np.eye(len(labels)))
    for seed in range(10):
        draw = draw_labels(labels, 3, 2, seed)
        expected = labels[min(draw.labelled.tolist())]
        assert np.all(nearest_labelled(distances, draw) == expected)


@pytest.mark.parametrize("alpha", [0.5, 0.9, 0.99])
def test_scores_on_a_path_of_three(alpha):
    # R40: here S^3 = S, so (I - alpha S)^(-1) = I + (alpha S + alpha^2 S^2) / (1 - alpha^2) (eq:11)
    side = np.sqrt(0.5)
    path = np.array([[0.0, side, 0.0], [side, 0.0, side], [0.0, side, 0.0]])
    square = np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])
    inverse = np.eye(3) + (alpha * path + alpha**2 * square) / (1.0 - alpha**2)
    scores = LabelSpreader(scipy.sparse.csr_matrix(path), alpha, 2).scores(make_draw(3, [0, 2], [1, 0]))
    np.testing.assert_allclose(scores, inverse[:, [2, 0]], rtol=1e-12, atol=0.0)


def test_scores_on_a_chain_by_elimination():
    # R40: Z = (I - alpha S)^(-1) Y has these fractions over 47 (eq:11)
    scores = LabelSpreader(chain(), 0.8, 2).scores(make_draw(4, [0, 1], [0, 1]))
    expected = np.array([[84, 16], [16, 59], [40, 30], [42, 8]]) / 47.0
    np.testing.assert_allclose(scores, expected, rtol=1e-13, atol=0.0)


def test_scores_solve_the_linear_system():
    # R40: (I - alpha S) Z = Y to rounding, no truncated iteration (eq:11)
    generator = np.random.default_rng(6)
    affinity = generator.uniform(0.1, 1.0, size=(15, 15))
    affinity = np.triu(affinity, 1) + np.triu(affinity, 1).T
    degree = affinity.sum(axis=1)
    graph = affinity / np.sqrt(np.outer(degree, degree))
    draw = make_draw(15, [2, 5, 9], [1, 2, 0])
    scores = LabelSpreader(scipy.sparse.csr_matrix(graph), 0.99, 3).scores(draw)
    labels = np.zeros((15, 3))
    labels[2, 1] = labels[5, 2] = labels[9, 0] = 1.0
    np.testing.assert_allclose(scores - 0.99 * graph @ scores, labels, rtol=0.0, atol=1e-12)


def test_plain_prediction_takes_the_largest_score():
    # R40: point 2 has the scores 40/47 and 30/47, point 3 has 42/47 and 8/47; nothing is divided [3¶2]
    spreader = LabelSpreader(chain(), 0.8, 2)
    assert spreader.predict(make_draw(4, [0, 1], [0, 1]), False).tolist() == [0, 0]


def test_class_mass_prediction_divides_by_the_column_sums():
    # R41: the columns sum to 182/47 and 113/47; 40/182 < 30/113 and 42/182 > 8/113 [3¶2]
    spreader = LabelSpreader(chain(), 0.8, 2)
    assert spreader.predict(make_draw(4, [0, 1], [0, 1]), True).tolist() == [1, 0]


def test_class_mass_runs_over_all_points():
    # R41: with 0 and 3 in class 0 point 2 has 60/320 against 30/113; over unlabelled points alone they would tie [3¶2]
    spreader = LabelSpreader(chain(), 0.8, 2)
    draw = make_draw(4, [0, 1, 3], [0, 1, 0])
    assert spreader.predict(draw, False).tolist() == [0]
    assert spreader.predict(draw, True).tolist() == [1]


def test_class_mass_shares_sum_to_one_in_each_class():
    # R41: Z_ic / sum_j Z_jc sums to one over all points in every class [3¶2]
    shares = divide_by_class_mass(np.array([[84.0, 16.0], [16.0, 59.0], [40.0, 30.0], [42.0, 8.0]]))
    expected = np.array([[84 / 182, 16 / 113], [16 / 182, 59 / 113], [40 / 182, 30 / 113], [42 / 182, 8 / 113]])
    np.testing.assert_allclose(shares, expected, rtol=1e-15, atol=0.0)
    np.testing.assert_allclose(shares.sum(axis=0), [1.0, 1.0], rtol=1e-15)


@pytest.mark.parametrize("class_mass", [False, True])
def test_points_without_a_label_in_their_component(class_mass):
    # R65: the pair 2, 3 has no label, its rows of Z are zero, and arg max takes the smallest class [3¶2]
    matrix = np.zeros((4, 4))
    matrix[0, 1] = matrix[1, 0] = matrix[2, 3] = matrix[3, 2] = 1.0
    spreader = LabelSpreader(scipy.sparse.csr_matrix(matrix), 0.99, 2)
    draw = make_draw(4, [0, 1], [1, 0])
    assert np.all(spreader.scores(draw)[2:] == 0.0)
    assert spreader.predict(draw, class_mass).tolist() == [0, 0]
