"""Property tests of src/kiln_model.py, worked out from [2.3] to [2.5], [alg:1] and [app:A¶3]."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse

from src.baseline_methods import LabelSpreader
from src.digits_data import LabelDraw
from src.kiln_model import (
    Kiln,
    KilnParameters,
    balance_classes,
    class_prototypes,
    gibbs_step,
    mean_field,
    temperature_schedule,
)


def make_parameters(**changes) -> KilnParameters:
    """The parameters of [tab:1], with changes."""
    values = {
        "neighbours": 10,
        "dimensions": 20,
        "unit_sphere": True,
        "beta": 0.2,
        "first_temperature": 3,
        "last_temperature": 0.3,
        "temperatures": 40,
        "sweeps": 10,
        "start_alpha": 0.99,
        "use_neighbours": True,
        "update_prototypes": True,
        "balance": True,
        "cold_start": False,
    }
    return KilnParameters(**(values | changes))


def make_draw(points: int, labelled: list[int], classes: list[int]) -> LabelDraw:
    """A draw with the given sorted labelled points."""
    others = [point for point in range(points) if point not in labelled]
    return LabelDraw(
        seed=0, labelled=np.array(labelled), labelled_classes=np.array(classes), unlabelled=np.array(others)
    )


def make_kiln(graph: np.ndarray, embedding: np.ndarray, classes: int, components=None, **changes) -> Kiln:
    """Kiln on a dense S, connected where components are not given."""
    parameters = make_parameters(**changes)
    sparse = scipy.sparse.csr_matrix(graph)
    groups = np.zeros(len(graph), dtype=int) if components is None else np.array(components)
    spreader = LabelSpreader(sparse, parameters.start_alpha, classes)
    return Kiln(sparse, embedding, groups, spreader, classes, parameters)


def two_pairs() -> np.ndarray:
    """S of the two pairs 0 - 1 and 2 - 3."""
    graph = np.zeros((4, 4))
    graph[0, 1] = graph[1, 0] = graph[2, 3] = graph[3, 2] = 1.0
    return graph


def chain() -> np.ndarray:
    """The chain 3 - 0 - 2 - 1; with damping 0.8 its weights are 1/2, 2/5 and 2/5.

    By elimination, 47 (I - 0.8 S)^(-1) has the columns (84, 16, 40, 42) for point 0 and (16, 59, 30, 8) for point 1,
    which sum to 182 and 113.
    """
    graph = np.zeros((4, 4))
    for i, j, weight in ((3, 0, 0.625), (0, 2, 0.5), (2, 1, 0.5)):
        graph[i, j] = graph[j, i] = weight
    return graph


# P of the chain with 0 in class 0 and 1 in class 1: point 2 has 40/182 : 30/113, point 3 has 42/182 : 8/113.
CHAIN_START = np.array([[1.0, 0.0], [0.0, 1.0], [226 / 499, 273 / 499], [339 / 443, 104 / 443]])


def random_problem() -> tuple[np.ndarray, np.ndarray, LabelDraw]:
    """S (7, 7), an embedding (7, 2) on the unit circle and a draw with one label in each of three classes."""
    generator = np.random.default_rng(12)
    affinity = np.triu(generator.uniform(0.1, 1.0, size=(7, 7)), 1)
    affinity += affinity.T
    degree = affinity.sum(axis=1)
    angles = generator.uniform(0.0, 2.0 * np.pi, size=7)
    embedding = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return affinity / np.sqrt(np.outer(degree, degree)), embedding, make_draw(7, [1, 4, 5], [2, 0, 1])


def by_the_words(graph: np.ndarray, embedding: np.ndarray, draw: LabelDraw, classes: int, **settings) -> np.ndarray:
    """P of Algorithm 1, written down entry by entry from the paper."""
    count = len(graph)
    labels = dict(zip(draw.labelled.tolist(), draw.labelled_classes.tolist(), strict=True))
    alpha, beta, tau = settings["start_alpha"], settings["beta"], settings["temperatures"]

    def reset(rows):
        for point, label in labels.items():
            rows[point] = [1.0 if c == label else 0.0 for c in range(classes)]

    def prototypes(rows):
        return np.array(
            [sum(rows[i, c] * embedding[i] for i in range(count)) / sum(rows[:, c]) for c in range(classes)]
        )

    indicator = np.zeros((count, classes))
    for point, label in labels.items():
        indicator[point, label] = 1.0
    solution = np.linalg.solve(np.eye(count) - alpha * graph, indicator)
    state = solution / solution.sum(axis=0)
    state = state / state.sum(axis=1)[:, None]
    reset(state)
    means = prototypes(state)

    start, end = settings["first_temperature"] / classes, settings["last_temperature"] / classes
    for step in range(1, tau + 1):
        temperature = start * (end / start) ** ((step - 1) / (tau - 1))
        proposal = np.zeros((count, classes))
        for i in range(count):
            field = [
                sum(graph[i, j] * state[j, c] for j in range(count)) - beta * sum((embedding[i] - means[c]) ** 2)
                for c in range(classes)
            ]
            weights = [math.exp(value / temperature) for value in field]
            proposal[i] = [weight / sum(weights) for weight in weights]
        reset(proposal)
        for _ in range(settings["sweeps"]):
            proposal = count / classes * proposal / proposal.sum(axis=0)
            reset(proposal)
            proposal = proposal / proposal.sum(axis=1)[:, None]
        state = proposal
        means = prototypes(state)
    return state


def test_prototypes_by_hand():
    # R9: sums of p_ic e_i over 7/4 and 5/4, the labelled first row included (eq:5)
    assignments = np.array([[1.0, 0.0], [0.5, 0.5], [0.25, 0.75]])
    embedding = np.array([[0.0, 4.0], [2.0, 0.0], [4.0, 8.0]])
    expected = np.array([[8.0 / 7.0, 24.0 / 7.0], [3.2, 4.8]])
    np.testing.assert_allclose(class_prototypes(assignments, embedding), expected, rtol=1e-15)


def test_prototypes_move_with_the_embedding():
    # R9: a weighted mean follows a shift of all points (eq:5)
    generator = np.random.default_rng(1)
    assignments = generator.dirichlet(np.ones(3), size=9)
    embedding = generator.normal(size=(9, 4))
    shift = np.array([1.0, -2.0, 0.5, 4.0])
    moved = class_prototypes(assignments, embedding + shift)
    np.testing.assert_allclose(moved, class_prototypes(assignments, embedding) + shift, rtol=0.0, atol=1e-13)


def test_field_by_hand():
    # R10: S P is [[1/8, 3/8], [1/2, 0]], the squared distances are [[0, 9], [25, 16]], beta is 1/4 (eq:6)
    graph = scipy.sparse.csr_matrix(np.array([[0.0, 0.5], [0.5, 0.0]]))
    assignments = np.array([[1.0, 0.0], [0.25, 0.75]])
    embedding = np.array([[0.0, 0.0], [3.0, 4.0]])
    prototypes = np.array([[0.0, 0.0], [3.0, 0.0]])
    field = mean_field(graph, assignments, embedding, prototypes, 0.25, True)
    np.testing.assert_allclose(field, [[0.125, -1.875], [-5.75, -4.0]], rtol=1e-15)


def test_all_points_move_from_the_same_field():
    # R11: renumbering the points renumbers P, which no sweep from point to point does [2.3¶3]
    graph, embedding, draw = random_problem()
    settings = {"temperatures": 4, "sweeps": 3, "start_alpha": 0.9}
    plain = make_kiln(graph, embedding, 3, **settings).fit(draw)
    order = np.array([6, 4, 2, 0, 5, 3, 1])
    pairs = sorted((order.tolist().index(old), label) for old, label in ((1, 2), (4, 0), (5, 1)))
    moved_draw = make_draw(7, [point for point, _ in pairs], [label for _, label in pairs])
    moved = make_kiln(graph[np.ix_(order, order)], embedding[order], 3, **settings).fit(moved_draw)
    np.testing.assert_allclose(moved, plain[order], rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("temperature", [0.03, 0.3, 2.0])
def test_gibbs_distribution_by_hand(temperature):
    # R12: a field of T log(1, 2, 5) has the distribution (1, 2, 5)/8 (eq:7)
    field = np.array([temperature * np.log([1.0, 2.0, 5.0]), [9.0, 0.0, 0.0]])
    result = gibbs_step(field, temperature, make_draw(2, [1], [1]))
    np.testing.assert_allclose(result[0], [0.125, 0.25, 0.625], rtol=1e-13)


def test_gibbs_distribution_does_not_change_with_a_shift_of_a_row():
    # R12: a constant added to a row cancels, also where exp would overflow (eq:7)
    field = np.array([0.5 * np.log([1.0, 3.0]) + 1000.0, [0.0, 0.0]])
    result = gibbs_step(field, 0.5, make_draw(2, [1], [0]))
    np.testing.assert_allclose(result[0], [0.25, 0.75], rtol=1e-11)


def test_gibbs_distribution_is_uniform_at_high_temperature():
    # R12: for T to infinity the distribution is uniform (eq:7)
    result = gibbs_step(np.array([[3.0, -1.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]]), 1e14, make_draw(2, [1], [0]))
    np.testing.assert_allclose(result[0], np.full(4, 0.25), rtol=1e-13)


def test_labelled_rows_are_reset_after_the_gibbs_step():
    # R13: labelled rows are one-hot whatever their field is, the others are not [2.3¶4]
    field = np.array([[5.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 7.0, 0.0]])
    result = gibbs_step(field, 0.1, make_draw(3, [0, 2], [2, 0]))
    assert np.array_equal(result[0], [0.0, 0.0, 1.0])
    assert np.array_equal(result[2], [1.0, 0.0, 0.0])
    np.testing.assert_allclose(result[1], np.full(3, 1.0 / 3.0), rtol=1e-15)


def test_one_sweep_by_hand():
    # R14: columns of mass 3 and 1 become 2 and 2, row 0 is reset, rows are scaled to sum one (eq:8)
    proposal = np.array([[1.0, 0.0], [0.75, 0.25], [0.75, 0.25], [0.5, 0.5]])
    expected = np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5], [0.25, 0.75]])
    np.testing.assert_allclose(balance_classes(proposal, make_draw(4, [0], [0]), 1), expected, rtol=1e-14)


def test_rows_sum_to_one_after_a_sweep():
    # R14: the last step of a sweep scales rows, so they sum to one and labelled rows are one-hot (eq:8)
    proposal = np.random.default_rng(3).dirichlet(np.ones(4), size=11)
    result = balance_classes(proposal, make_draw(11, [2, 6], [3, 1]), 1)
    np.testing.assert_allclose(result.sum(axis=1), np.ones(11), rtol=1e-14)
    assert np.array_equal(result[2], [0.0, 0.0, 0.0, 1.0])
    assert np.array_equal(result[6], [0.0, 1.0, 0.0, 0.0])


def test_column_sums_include_labelled_points():
    # R15: uniform rows and two labels of class 0: masses 3 and 1, so each unlabelled row becomes (1/4, 3/4) [2.3¶5]
    proposal = np.array([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5], [0.5, 0.5]])
    result = balance_classes(proposal, make_draw(4, [0, 1], [0, 0]), 1)
    np.testing.assert_allclose(result[2:], [[0.25, 0.75], [0.25, 0.75]], rtol=1e-14)


def test_many_sweeps_reach_equal_mass():
    # R15: the fixed point of the sweeps has mass n/C in every class [2.3¶5]
    proposal = np.random.default_rng(9).dirichlet(np.ones(3), size=30)
    result = balance_classes(proposal, make_draw(30, [0, 7, 20], [0, 1, 2]), 500)
    np.testing.assert_allclose(result.sum(axis=0), np.full(3, 10.0), rtol=1e-10)


def test_balance_makes_exactly_the_given_number_of_sweeps():
    # R58: ten sweeps of (8), written down here, with no early stop [app:A¶3]
    draw = make_draw(4, [0], [0])
    start = np.array([[1.0, 0.0], [0.75, 0.25], [0.75, 0.25], [0.5, 0.5]])
    states = [start]
    for _ in range(10):
        rows = 2.0 * states[-1] / states[-1].sum(axis=0)
        rows[0] = [1.0, 0.0]
        states.append(rows / rows.sum(axis=1)[:, None])
    # The tenth sweep still moves P by more than the tolerance below.
    assert np.abs(states[10] - states[9]).max() > 1e-9
    np.testing.assert_allclose(balance_classes(start, draw, 10), states[10], rtol=0.0, atol=1e-13)


def test_balanced_assignments_stay_for_ten_sweeps():
    # R58: where all masses are n/C already, ten sweeps change nothing [app:A¶3]
    balanced = np.array([[1.0, 0.0], [0.25, 0.75], [0.5, 0.5], [0.25, 0.75]])
    np.testing.assert_allclose(balance_classes(balanced, make_draw(4, [0], [0]), 10), balanced, rtol=1e-14)


def test_temperatures_fall_geometrically():
    # R17: 40 temperatures from 0.3 to 0.03 for ten classes, with the ratio 0.1^(1/39) (eq:9)
    schedule = temperature_schedule(make_parameters(), 10)
    assert schedule.shape == (40,)
    assert schedule[0] == pytest.approx(0.3, rel=1e-14)
    assert schedule[-1] == pytest.approx(0.03, rel=1e-14)
    np.testing.assert_allclose(schedule[1:] / schedule[:-1], np.full(39, 0.1 ** (1.0 / 39.0)), rtol=1e-13)


def test_middle_of_three_temperatures_is_the_geometric_mean():
    # R17: T_2 = sqrt(T_1 T_3) where tau is 3 (eq:9)
    schedule = temperature_schedule(make_parameters(temperatures=3), 4)
    np.testing.assert_allclose(schedule, [0.75, math.sqrt(0.75 * 0.075), 0.075], rtol=1e-14)


def test_algorithm_by_the_words_of_the_paper():
    # R19: P after four temperatures is that of Algorithm 1 written down entry by entry (alg:1)
    graph, embedding, draw = random_problem()
    settings = {
        "start_alpha": 0.9,
        "beta": 0.2,
        "temperatures": 4,
        "first_temperature": 3,
        "last_temperature": 0.3,
        "sweeps": 10,
    }
    expected = by_the_words(graph, embedding, draw, 3, **settings)
    result = make_kiln(graph, embedding, 3, **settings).fit(draw)
    np.testing.assert_allclose(result, expected, rtol=0.0, atol=1e-12)


def test_prediction_is_the_largest_entry_of_the_last_assignments():
    # R20: arg max over the classes, for the unlabelled points in their order (alg:1)
    graph, embedding, draw = random_problem()
    settings = {
        "start_alpha": 0.9,
        "beta": 0.2,
        "temperatures": 4,
        "first_temperature": 3,
        "last_temperature": 0.3,
        "sweeps": 10,
    }
    expected = by_the_words(graph, embedding, draw, 3, **settings)
    predicted = make_kiln(graph, embedding, 3, **settings).predict(draw)
    assert predicted.tolist() == [int(np.argmax(expected[point])) for point in (0, 2, 3, 6)]


def test_prediction_follows_the_label_of_each_pair():
    # R20: in two separate pairs each point takes the class of its labelled partner (alg:1)
    embedding = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    model = make_kiln(two_pairs(), embedding, 2, components=[0, 0, 1, 1])
    assert model.predict(make_draw(4, [0, 2], [0, 1])).tolist() == [0, 1]
    assert model.predict(make_draw(4, [0, 2], [1, 0])).tolist() == [1, 0]


def test_start_on_a_chain_by_hand():
    # R28: Z_ic / sum_j Z_jc over all points, with Z of the exact solve in fractions of 47 (eq:11)
    model = make_kiln(chain(), np.eye(4), 2, start_alpha=0.8)
    assignments, _ = model.start(make_draw(4, [0, 1], [0, 1]))
    np.testing.assert_allclose(assignments[2:], CHAIN_START[2:], rtol=1e-13)


def test_start_has_rows_of_sum_one_and_one_hot_labels():
    # R29: rows are scaled to sum one after the class mass, labelled rows are then exactly one-hot [2.5¶2]
    graph, embedding, draw = random_problem()
    assignments, _ = make_kiln(graph, embedding, 3).start(draw)
    np.testing.assert_allclose(assignments.sum(axis=1), np.ones(7), rtol=1e-14)
    assert np.array_equal(assignments[[1, 4, 5]], [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def test_first_prototypes_come_from_the_starting_assignments():
    # R30: with the unit vectors as embedding, m_c is column c of P over its sum (eq:5)
    _, prototypes = make_kiln(chain(), np.eye(4), 2, start_alpha=0.8).start(make_draw(4, [0, 1], [0, 1]))
    np.testing.assert_allclose(prototypes, (CHAIN_START / CHAIN_START.sum(axis=0)).T, rtol=1e-13)


def test_component_without_a_label_is_an_error():
    # R31: the pair 2, 3 holds no label [2.5¶2]
    model = make_kiln(two_pairs(), np.eye(4), 2, components=[0, 0, 1, 1])
    with pytest.raises(ValueError):
        model.predict(make_draw(4, [0, 1], [0, 1]))


def test_components_with_labels_and_connected_graphs_are_accepted():
    # R31: a label in every component is enough, and a connected graph needs no more than one labelled part [2.5¶2]
    assignments, _ = make_kiln(two_pairs(), np.eye(4), 2, components=[0, 0, 1, 1]).start(make_draw(4, [0, 2], [0, 1]))
    np.testing.assert_allclose(assignments, [[1, 0], [1, 0], [0, 1], [0, 1]], rtol=0.0, atol=1e-15)
    assignments, _ = make_kiln(chain(), np.eye(4), 2, start_alpha=0.8).start(make_draw(4, [0, 1], [0, 1]))
    assert assignments.shape == (4, 2)


def test_no_random_numbers_are_drawn():
    # R56: the result does not depend on the state of the random generator and does not move it [5¶1]
    graph, embedding, draw = random_problem()
    results = []
    for seed in (0, 1):
        np.random.seed(seed)
        before = np.random.get_state()[1].copy()
        results.append(make_kiln(graph, embedding, 3, start_alpha=0.9).fit(draw))
        assert np.array_equal(np.random.get_state()[1], before)
    assert np.array_equal(results[0], results[1])
