import numpy as np
from scipy.sparse import csr_array

from kiln.baselines import nearest_labelled, predict_spreading, spread_scores
from kiln.data import Digits, Draw
from kiln.graph import Graph


def graph_of(s, component):
    s = np.array(s, dtype=float)
    return Graph(s=s, s_sparse=csr_array(s), component=np.array(component))


def draw_of(n, labelled, labels):
    return Draw(np.array(labelled), np.array(labels), np.setdiff1d(np.arange(n), labelled))


def test_nearest_labelled():
    # R38: squared distances to the points 1, 2, 4 are 25, 50, 50 for point 0; 29, 2, 18 for 3; 18, 37, 5 for 5;
    # all 6.25 for 6, where the smallest index has the largest class [3¶2]
    x = np.array([[0, 0], [4, 3], [1, 7], [2, 8], [5, 5], [7, 6], [2.5, 5]])
    predicted = nearest_labelled(Digits(x=x, y=np.zeros(7, dtype=int), n_classes=3), draw_of(7, [1, 2, 4], [2, 0, 1]))
    assert predicted[[0, 3, 5, 6]].tolist() == [2, 0, 1, 2]


def test_scores_of_a_chain():
    # R39, R41: Z of (11) on the given graph with alpha = 0.99, in closed form with b = alpha / sqrt(2), for two draws
    b = 0.99 / np.sqrt(2)
    graph = graph_of(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / np.sqrt(2), [0, 0, 0])
    z = spread_scores(graph, [draw_of(3, [0, 1], [1, 0]), draw_of(3, [0, 2], [1, 0])], 2, 0.99)
    expected = [[[b, 1 - b**2], [1, b], [b, b**2]], [[b**2, 1 - b**2], [b, b], [1 - b**2, b**2]]]
    np.testing.assert_allclose(np.array(z), np.array(expected) / (1 - 2 * b**2), rtol=1e-11)


def test_largest_entry():
    # R39: largest entry of the row; R40: after division by the column sums 1.6 and 1; R60: a row of zeros [3¶2]
    z = np.array([[0.5, 0.4], [0.4, 0.2], [0.6, 0.1], [0.1, 0.3], [0, 0]])
    assert predict_spreading(z, use_class_mass=False).tolist() == [0, 0, 0, 1, 0]
    assert predict_spreading(z, use_class_mass=True).tolist() == [1, 0, 0, 1, 0]


def test_component_without_label():
    # R60: points 2 and 3 have no label in their component, so zero rows and the smallest class
    s = np.kron(np.eye(2), [[0, 1], [1, 0]])
    z = spread_scores(graph_of(s, [0, 0, 1, 1]), [draw_of(4, [0, 1], [1, 0])], 2, 0.9)[0]
    np.testing.assert_allclose(z, np.array([[0.9, 1], [1, 0.9], [0, 0], [0, 0]]) / 0.19, rtol=1e-13)
    for use_class_mass in (False, True):
        assert predict_spreading(z, use_class_mass).tolist() == [1, 0, 0, 0]
