import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.sparse import csr_array

from kiln.baselines import nearest_labelled, predict_spreading, spread_scores
from kiln.data import Digits, Draw
from kiln.graph import Graph, build_graph


def make_draw(n, labelled, labels):
    labelled = np.array(labelled)
    return Draw(labelled=labelled, labels=np.array(labels), unlabelled=np.setdiff1d(np.arange(n), labelled))


def make_graph(s, component=None):
    s = np.array(s, dtype=np.float64)
    component = np.zeros(len(s), dtype=int) if component is None else np.array(component)
    return Graph(s=s, s_sparse=csr_array(s), component=component)


def make_digits(x):
    x = np.array(x, dtype=np.float64)
    return Digits(x=x, y=np.zeros(len(x), dtype=np.int64), n_classes=3)


def random_graph(n, seed):
    a = np.random.default_rng(seed).uniform(0.1, 1, size=(n, n))
    a = a + a.T
    np.fill_diagonal(a, 0)
    scale = 1 / np.sqrt(a.sum(axis=1))
    return make_graph(a * np.outer(scale, scale))


def scores_of_the_paper(s, labelled, labels, n_classes, alpha):
    """Z of (11) as the series sum_t alpha^t S^t Y, which converges because |S| <= 1."""
    y = np.zeros((len(s), n_classes))
    for index, label in zip(labelled, labels):
        y[index, label] = 1
    z, term = np.zeros_like(y), y
    while np.abs(term).max() > 1e-18:
        z, term = z + term, alpha * s @ term
    return z


def test_nearest_labelled_point_by_hand():
    # R38: (3, 3) is closer to (0, 0) than to (0, 8) and (8, 1) in Euclidean distance [3¶2]
    x = [[0, 0], [0, 8], [8, 1], [3, 3], [2, 6], [7, 5], [5, 0]]
    # squared distances to points 0, 1, 2: (3,3): 18 34 29; (2,6): 40 8 61; (7,5): 74 58 17; (5,0): 25 89 10
    predicted = nearest_labelled(make_digits(x), make_draw(7, [0, 1, 2], [2, 0, 1]))
    assert predicted.tolist() == [2, 0, 1, 2, 0, 1, 1]


def test_euclidean_and_not_another_distance():
    # R38: to (0, 0) the distances are sqrt(50), 10, 5; to (5, 14) they are 9, 9, 9: only Euclid prefers the first [3¶2]
    x = [[0, 0], [5, 14], [5, 5]]
    assert nearest_labelled(make_digits(x), make_draw(3, [0, 1], [1, 2]))[2] == 1
    # (6, 1) is at sqrt(37), 7 and 6 from (0, 0), and at sqrt(41), 9 and 5 from (11, 5): the maximum prefers the second
    x = [[0, 0], [11, 5], [6, 1]]
    assert nearest_labelled(make_digits(x), make_draw(3, [0, 1], [1, 2]))[2] == 1
    # (4, 4) is at sqrt(32), 8 and 4 from (0, 0), and at 6, 6 and 6 from (10, 4): the sum prefers the second
    x = [[0, 0], [10, 4], [4, 4]]
    assert nearest_labelled(make_digits(x), make_draw(3, [0, 1], [1, 2]))[2] == 1


def test_nearest_labelled_point_on_raw_inputs():
    # R38: one feature has a far larger range than the others and is not scaled [3¶2]
    rng = np.random.default_rng(4)
    x = rng.integers(0, 17, size=(50, 4)) * np.array([1, 1, 1, 9])
    labelled, labels = [3, 8, 20, 31, 44], [2, 0, 1, 1, 0]
    expected = []
    for point in x.tolist():
        d2 = [(sum((a - b) ** 2 for a, b in zip(point, x[j].tolist())), j) for j in labelled]
        expected.append(labels[labelled.index(min(d2)[1])])
    assert len(set(expected)) == 3
    assert nearest_labelled(make_digits(x), make_draw(50, labelled, labels)).tolist() == expected


def test_tie_of_nearest_points_goes_to_the_smaller_index():
    # R38: point 2 is equally far from points 0 and 4, and from 1 it is farther [3¶2]
    x = [[0, 0], [9, 9], [3, 1], [20, 20], [6, 2]]
    assert nearest_labelled(make_digits(x), make_draw(5, [0, 1, 4], [2, 1, 0]))[2] == 2
    assert nearest_labelled(make_digits(x), make_draw(5, [0, 1, 4], [0, 1, 2]))[2] == 0


def test_scores_of_two_points_in_closed_form():
    # R39: (I - a S)^(-1) = [[1, a], [a, 1]] / (1 - a^2) for two connected points (eq:11)
    graph = make_graph([[0, 1], [1, 0]])
    z = spread_scores(graph, [make_draw(2, [0], [1])], 2, 0.6)[0]
    np.testing.assert_allclose(z, [[0, 1 / 0.64], [0, 0.6 / 0.64]], rtol=1e-14, atol=0)


@pytest.mark.parametrize("alpha", [0.5, 0.9])
def test_scores_of_several_draws(alpha):
    # R39: each draw has its own one-hot right-hand side and its own scores, in the order given (eq:11)
    graph = random_graph(12, seed=1)
    draws = [([0, 3, 7], [1, 2, 0]), ([1, 3, 4, 11], [0, 0, 2, 1]), ([2, 6, 9], [2, 1, 0])]
    scores = spread_scores(graph, [make_draw(12, *draw) for draw in draws], 3, alpha)
    assert len(scores) == 3
    for z, (labelled, labels) in zip(scores, draws):
        expected = scores_of_the_paper(graph.s, labelled, labels, 3, alpha)
        np.testing.assert_allclose(z, expected, rtol=1e-12, atol=0)


def test_prediction_without_and_with_class_mass_by_hand():
    # R39: largest entry of each row; R40: after division by the column sums 28 and 15.5 over all points [3¶2]
    z = np.array([[5.0, 4.0], [20.0, 6.0], [1.0, 3.0], [2.0, 2.5]])
    assert predict_spreading(z, False).tolist() == [0, 0, 1, 1]
    assert predict_spreading(z, True).tolist() == [1, 0, 1, 1]


def test_class_mass_is_not_the_normalisation_of_rows():
    # R40: scaling a column changes nothing, scaling a row changes only the sums [3¶2]
    z = np.random.default_rng(2).uniform(0.1, 1, size=(15, 3))
    predicted = predict_spreading(z, True)
    assert np.array_equal(predict_spreading(z * np.array([1.0, 8.0, 0.25]), True), predicted)
    assert not np.array_equal(predict_spreading(z * np.array([1.0, 8.0, 0.25]), False), predict_spreading(z, False))
    expected = [max(range(3), key=lambda c: row[c] / math.fsum(z[:, c])) for row in z]
    assert predicted.tolist() == expected


def test_scores_are_not_changed_by_a_prediction():
    # R39, R40: both baselines can use the same Z [3¶2]
    z = np.random.default_rng(3).uniform(0.1, 1, size=(6, 3))
    before = z.copy()
    predict_spreading(z, True)
    predict_spreading(z, False)
    assert np.array_equal(z, before)


def test_component_without_a_label_gets_the_first_class():
    # R60: rows of zeros there, the smallest class, and no draw is skipped [3]
    block = random_graph(5, seed=7).s
    s = np.zeros((9, 9))
    s[:5, :5] = block
    s[5:, 5:] = random_graph(4, seed=8).s
    graph = make_graph(s, [0] * 5 + [1] * 4)
    # Of the three classes, the first has the smallest scores in the other component.
    z = spread_scores(graph, [make_draw(9, [0, 2, 4], [2, 1, 0])], 3, 0.99)[0]
    assert np.array_equal(z[5:], np.zeros((4, 3)))
    assert (z[:5] > 0).all()
    # Elsewhere the scores of (11) decide; with alpha = 0.99 they need not give a labelled point its own class.
    paper = scores_of_the_paper(s, [0, 2, 4], [2, 1, 0], 3, 0.99)
    for use_class_mass in (False, True):
        predicted = predict_spreading(z, use_class_mass)
        assert predicted[5:].tolist() == [0, 0, 0, 0]
        expected = paper / paper.sum(axis=0) if use_class_mass else paper
        assert predicted[:5].tolist() == expected[:5].argmax(axis=1).tolist()


def test_ties_go_to_the_smallest_class():
    # R60: like any other tie of the argmax [3]
    z = np.array([[1.0, 3.0, 3.0], [4.0, 2.0, 4.0], [3.0, 3.0, 1.0]])
    assert predict_spreading(z, False).tolist() == [1, 0, 0]
    # All column sums are 8, so class mass leaves the ties as they are.
    assert predict_spreading(z, True).tolist() == [1, 0, 0]


def test_setting_of_the_baselines():
    # R41: k = 5 and alpha = 0.99, and not the graph of Kiln, which has k = 10 [3¶2]
    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    k, alpha = config["evaluation"]["baseline_k"], config["evaluation"]["baseline_alpha"]
    assert (k, alpha) == (5, 0.99)
    assert config["model"]["k"] != k

    data = make_digits(np.random.default_rng(6).integers(0, 17, size=(24, 3)))
    rank = config["model"]["scale_neighbour"]
    own, other = build_graph(data, k, rank), build_graph(data, config["model"]["k"], rank)
    labelled, labels = [1, 8, 15], [0, 1, 2]
    z = spread_scores(own, [make_draw(24, labelled, labels)], 3, alpha)[0]
    np.testing.assert_allclose(z, scores_of_the_paper(own.s, labelled, labels, 3, 0.99), rtol=1e-10, atol=1e-14)
    assert np.abs(z - scores_of_the_paper(other.s, labelled, labels, 3, 0.99)).max() > 1e-3
