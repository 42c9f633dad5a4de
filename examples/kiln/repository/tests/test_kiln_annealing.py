"""Property tests of kiln/annealing.py, from equations 5 to 11, Algorithm 1, Table 3 and Appendix A."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kiln import annealing
from kiln.annealing import KilnSettings

NONE = np.array([], dtype=int)


def config(temperatures: int = 40) -> dict:
    """The values of Table 1 and of the ablations."""
    return {
        "model": {
            "neighbours": 10,
            "scale_neighbour": 7,
            "dimensions": 20,
            "unit_sphere": True,
            "beta": 0.2,
            "use_neighbours": True,
            "update_prototypes": True,
            "balance": True,
            "balancing_sweeps": 10,
        },
        "training": {
            "first_temperature": 3.0,
            "last_temperature": 0.3,
            "temperatures": temperatures,
            "alpha": 0.99,
            "cold_start": False,
        },
        "experiment": {
            "no_prototypes_beta": 0.0,
            "no_annealing_first_temperature": 0.3,
            "one_sweep_balancing_sweeps": 1,
            "sensitivity_dimensions": [10, 15, 30],
            "sensitivity_betas": [0.1, 0.3],
            "sensitivity_temperatures": [20, 80],
        },
    }


def settings(**changes: object) -> KilnSettings:
    return replace(annealing.kiln_settings(config()), **changes)


def problem(seed: int):
    """A random graph with spectral radius 1, points on the sphere and four labelled points of three classes."""
    rng = np.random.default_rng(seed)
    n, classes = 15, 3
    A = np.triu(rng.random((n, n)), 1)
    A = A + A.T
    D = A.sum(axis=1)
    S = A / np.sqrt(np.outer(D, D))
    E = rng.standard_normal((n, 4))
    E /= np.sqrt((E**2).sum(axis=1, keepdims=True))
    labelled = np.array([0, 1, 2, 5])
    Y = np.zeros((n, classes))
    Y[labelled, labelled % classes] = 1
    return sparse.csr_matrix(S), E, Y, labelled


def distributions(rng: np.random.Generator, n: int, classes: int) -> np.ndarray:
    P = rng.random((n, classes)) + 0.05
    return P / P.sum(axis=1, keepdims=True)


# R10: prototypes worked out by hand; the labelled first point counts (eq:5)
def test_prototypes_by_hand():
    P = np.array([[1, 0], [0.5, 0.5], [0.25, 0.75]])
    E = np.array([[2.0, 1], [4, 0], [8, 4]])
    expected = np.array([[6 / 1.75, 2 / 1.75], [8 / 1.25, 3 / 1.25]])
    np.testing.assert_allclose(annealing.prototypes(P, E), expected, rtol=1e-14)


# R10: weighted means move with the points and do not change with the scale of a column (eq:5)
def test_prototypes_are_weighted_means():
    rng = np.random.default_rng(0)
    P, E, shift = distributions(rng, 9, 3), rng.standard_normal((9, 4)), rng.standard_normal(4)
    M = annealing.prototypes(P, E)
    np.testing.assert_allclose(annealing.prototypes(P, E + shift), M + shift, atol=1e-13)
    np.testing.assert_allclose(annealing.prototypes(P * [2, 3, 0.5], E), M, atol=1e-13)


# R11: the field worked out by hand (eq:6)
def test_field_by_hand():
    S = sparse.csr_matrix(np.array([[0.0, 1], [1, 0]]))
    P = np.array([[1, 0], [0.25, 0.75]])
    E = np.eye(2)
    M = np.array([[1.0, 0], [0, 0]])
    expected = np.array([[0.25 - 0, 0.75 - 0.2], [1 - 0.2 * 2, 0 - 0.2]])
    np.testing.assert_allclose(annealing.field(S, P, E, M, settings(beta=0.2)), expected, atol=1e-15)


# R12: two classes whose fields differ by T ln 3 have 1/4 and 3/4 (eq:7)
@pytest.mark.parametrize("T", [0.03, 0.3, 2.0])
def test_gibbs_closed_form(T):
    h = np.array([[0.0, T * np.log(3)], [5.0, 5.0]])
    np.testing.assert_allclose(
        annealing.gibbs(h, T, np.zeros((2, 2)), NONE), [[0.25, 0.75], [0.5, 0.5]], rtol=1e-13
    )


# R12: rows sum to one, do not change with a shift of a row, and have their limits in T (eq:7)
def test_gibbs_invariance_and_limits():
    h = np.random.default_rng(1).standard_normal((6, 4))
    Y = np.zeros((6, 4))
    Q = annealing.gibbs(h, 0.3, Y, NONE)
    np.testing.assert_allclose(Q.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(annealing.gibbs(h + np.arange(6)[:, None], 0.3, Y, NONE), Q, rtol=1e-12)
    np.testing.assert_allclose(annealing.gibbs(h, 1e12, Y, NONE), 0.25, rtol=1e-10)
    one_hot = np.eye(4)[h.argmax(axis=1)]
    np.testing.assert_allclose(annealing.gibbs(h, 1e-6, Y, NONE), one_hot, atol=1e-12)


# R12: to first order around 1/C with beta = 0 the update is S Delta / (C T) (eq:10)
def test_update_linearised_at_the_uniform_state():
    S, E, Y, _ = problem(2)
    n, classes = Y.shape
    delta = np.random.default_rng(3).standard_normal((n, classes))
    delta -= delta.mean(axis=1, keepdims=True)
    T, step, without = 0.4, 1e-5, settings(beta=0.0)
    M = np.zeros((classes, E.shape[1]))

    def update(P):
        return annealing.gibbs(annealing.field(S, P, E, M, without), T, Y, NONE)

    slope = (update(1 / classes + step * delta) - update(1 / classes - step * delta)) / (2 * step)
    np.testing.assert_allclose(slope, S @ delta / (classes * T), atol=1e-8)


# R13: labelled rows are exactly one-hot, the other rows do not change with the labels
def test_gibbs_resets_labelled_rows():
    _, _, Y, labelled = problem(4)
    h = np.random.default_rng(4).standard_normal(Y.shape)
    Q = annealing.gibbs(h, 0.5, Y, labelled)
    np.testing.assert_array_equal(Q[labelled], Y[labelled])
    rest = np.setdiff1d(np.arange(len(Y)), labelled)
    np.testing.assert_allclose(Q[rest], annealing.gibbs(h, 0.5, Y, NONE)[rest], rtol=1e-14)


# R14: one sweep by hand; n/C = 3/2, the column sums have the labelled row (eq:8)
def test_one_sweep_by_hand():
    Y = np.array([[1.0, 0], [0, 0], [0, 0]])
    Q = np.array([[1, 0], [0.5, 0.5], [0.25, 0.75]])
    expected = [[1, 0], [5 / 12, 7 / 12], [5 / 26, 21 / 26]]
    np.testing.assert_allclose(annealing.balance(Q, Y, np.array([0]), 1), expected, rtol=1e-14)


# R14: a labelled row that is not one-hot yet counts as it is in the column sums and is reset after them (eq:8)
def test_sweep_resets_after_the_columns():
    Y = np.array([[1.0, 0], [0, 0], [0, 0]])
    Q = np.array([[0.6, 0.4], [0.5, 0.5], [0.25, 0.75]])
    expected = [[1, 0], [11 / 20, 9 / 20], [11 / 38, 27 / 38]]
    np.testing.assert_allclose(annealing.balance(Q, Y, np.array([0]), 1), expected, rtol=1e-14)


# R14: balanced distributions are a fixed point (eq:8)
def test_balanced_is_a_fixed_point():
    Y = np.array([[1.0, 0], [0, 0], [0, 0], [0, 0]])
    Q = np.array([[1, 0], [0.2, 0.8], [0.3, 0.7], [0.5, 0.5]])
    np.testing.assert_allclose(annealing.balance(Q, Y, np.array([0]), 10), Q, rtol=1e-13)


# R14: rows end with sum one, the limit has columns n/C, and sweeps only collect row and column factors (eq:8)
def test_sweeps_scale_rows_and_columns():
    _, _, Y, labelled = problem(5)
    Q = distributions(np.random.default_rng(5), *Y.shape)
    Q[labelled] = Y[labelled]
    ten = annealing.balance(Q, Y, labelled, 10)
    np.testing.assert_allclose(ten.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(ten[labelled], Y[labelled])
    rest = np.setdiff1d(np.arange(len(Q)), labelled)
    factors = np.log(ten[rest] / Q[rest])
    factors -= factors.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(factors, np.tile(factors[0], (len(rest), 1)), atol=1e-12)
    limit = annealing.balance(Q, Y, labelled, 2000)
    np.testing.assert_allclose(limit.sum(axis=0), len(Q) / Q.shape[1], rtol=1e-10)


# R53: ten sweeps are ten times one sweep, also after a state that has almost converged
def test_number_of_sweeps_is_fixed():
    _, _, Y, labelled = problem(6)
    Q = distributions(np.random.default_rng(6), *Y.shape)
    Q[labelled] = Y[labelled]
    expected = Q
    for _ in range(10):
        expected = annealing.balance(expected, Y, labelled, 1)
    np.testing.assert_allclose(annealing.balance(Q, Y, labelled, 10), expected, rtol=1e-14)
    near = annealing.balance(Q, Y, labelled, 30)
    expected = near
    for _ in range(10):
        expected = annealing.balance(expected, Y, labelled, 1)
    np.testing.assert_allclose(annealing.balance(near, Y, labelled, 10), expected, rtol=1e-15, atol=1e-15)
    assert annealing.kiln_settings(config()).balancing_sweeps == 10


# R15: both end points, tau values and a constant ratio (eq:9)
def test_schedule_is_geometric():
    T = annealing.schedule(settings(), 10)
    assert T.shape == (40,)
    np.testing.assert_allclose(T[[0, -1]], [0.3, 0.03], rtol=1e-14)
    np.testing.assert_allclose(T[1:] / T[:-1], 0.1 ** (1 / 39), rtol=1e-13)
    middle = annealing.schedule(settings(temperatures=3), 4)[1]
    np.testing.assert_allclose(middle, np.sqrt(0.75 * 0.075), rtol=1e-14)


# R19: Kiln and its ablations have k = 10 and r = 20 (tab:1)
def test_neighbours_and_dimensions():
    for variant in [annealing.kiln_settings(config()), *annealing.ablations(config()).values()]:
        assert (variant.neighbours, variant.dimensions) == (10, 20)


# R23: complete graph of four points with alpha = 0.6: Z is proportional to Y + (2, 1)/2 (eq:11).
# Its columns sum to 6 and 3, so that the unlabelled row (1, 1/2) becomes (1/2, 1/2).
def test_start_on_the_complete_graph():
    S = sparse.csr_matrix((np.ones((4, 4)) - np.eye(4)) / 3)
    Y = np.array([[1.0, 0], [1, 0], [0, 1], [0, 0]])
    E = np.array([[1.0], [2], [3], [4]])
    P, M = annealing.start(S, E, Y, np.array([0, 1, 2]), settings(alpha=0.6))
    np.testing.assert_allclose(P, [[1, 0], [1, 0], [0, 1], [0.5, 0.5]], rtol=1e-13)
    np.testing.assert_allclose(M, [[5 / 2.5], [5 / 1.5]], rtol=1e-13)


# R23: Z is the series of alpha^k S^k Y (eq:11)
def test_start_from_the_series():
    S, E, Y, labelled = problem(7)
    Z, term = np.zeros_like(Y), Y.copy()
    for _ in range(80):
        Z += term
        term = 0.5 * (S @ term)
    expected = Z / Z.sum(axis=0)
    expected /= expected.sum(axis=1, keepdims=True)
    expected[labelled] = Y[labelled]
    P, _ = annealing.start(S, E, Y, labelled, settings(alpha=0.5))
    np.testing.assert_allclose(P, expected, rtol=1e-12)


# R42: without neighbours the field is the prototype term alone and does not depend on P (eq:6)
def test_no_neighbours():
    S, E, Y, _ = problem(8)
    rng = np.random.default_rng(8)
    variant = annealing.ablations(config())["no neighbours"]
    M = rng.standard_normal((3, 4))
    expected = -0.2 * ((E[:, None, :] - M[None]) ** 2).sum(axis=2)
    for P in (distributions(rng, *Y.shape), np.full(Y.shape, 1 / 3)):
        np.testing.assert_allclose(annealing.field(S, P, E, M, variant), expected, atol=1e-13)


# R43: with beta = 0 the field is S P and does not depend on the prototypes
def test_no_prototypes():
    S, E, Y, _ = problem(9)
    rng = np.random.default_rng(9)
    variant = annealing.ablations(config())["no prototypes"]
    assert variant.beta == 0
    P = distributions(rng, *Y.shape)
    for M in (np.zeros((3, 4)), rng.standard_normal((3, 4))):
        np.testing.assert_allclose(annealing.field(S, P, E, M, variant), S.toarray() @ P, atol=1e-14)


# R45: without annealing all tau temperatures are 0.3/C
def test_no_annealing():
    T = annealing.schedule(annealing.ablations(config())["no annealing"], 10)
    assert T.shape == (40,)
    np.testing.assert_allclose(T, 0.03, rtol=1e-14)


# R48: prototypes of a cold start are the means of the labelled points, unlabelled rows are uniform
# R56: labelled rows are one-hot
def test_cold_start():
    S, E, Y, labelled = problem(10)
    P, M = annealing.start(S, E, Y, labelled, annealing.ablations(config())["cold start"])
    np.testing.assert_array_equal(P[labelled], Y[labelled])
    rest = np.setdiff1d(np.arange(len(Y)), labelled)
    np.testing.assert_allclose(P[rest], 1 / 3, rtol=1e-15)
    np.testing.assert_allclose(M, [E[0], E[1], (E[2] + E[5]) / 2], rtol=1e-14)


# R54: the variant has one sweep and no other change
def test_one_balancing_sweep():
    variant = annealing.details(config())["one balancing sweep"]
    assert variant.balancing_sweeps == 1
    assert replace(variant, balancing_sweeps=10) == annealing.kiln_settings(config())


def algorithm_1(
    S, E, Y, labelled, tau, beta=0.2, neighbours=True, move=True, sweeps=10, first=3.0, cold=False
):
    """Temperatures and fields of all updates and the last P, by Algorithm 1 and Table 3."""
    n, classes = Y.shape
    S = S.toarray()

    def means(W):
        return np.array([(W[:, [c]] * E).sum(axis=0) / W[:, c].sum() for c in range(classes)])

    if cold:
        P = np.full((n, classes), 1 / classes)
        M = means(Y)
    else:
        Z = np.linalg.inv(np.eye(n) - 0.99 * S) @ Y
        P = Z / Z.sum(axis=0)
        P = P / P.sum(axis=1, keepdims=True)
    P[labelled] = Y[labelled]
    if not cold:
        M = means(P)
    temperatures, fields = [], []
    for t in range(1, tau + 1):
        T = first / classes * (0.3 / first) ** ((t - 1) / (tau - 1))
        h = -beta * ((E[:, None, :] - M[None]) ** 2).sum(axis=2)
        if neighbours:
            h = h + S @ P
        temperatures.append(T)
        fields.append(h)
        P = np.exp(h / T)
        P = P / P.sum(axis=1, keepdims=True)
        P[labelled] = Y[labelled]
        for _ in range(sweeps):
            P = P * (n / classes) / P.sum(axis=0)
            P[labelled] = Y[labelled]
            P = P / P.sum(axis=1, keepdims=True)
        if move:
            M = means(P)
    return np.array(temperatures), np.array(fields), P


# R17: every field has the P and M of the update before, balanced (alg:1)
# R18: the prediction is the arg max of the last P (alg:1)
# R44: frozen prototypes keep their starting value (tab:3)
# R46: without balancing P is Q (tab:3)
@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("Kiln", {}),
        ("no neighbours", {"neighbours": False}),
        ("no prototypes", {"beta": 0.0}),
        ("frozen prototypes", {"move": False}),
        ("no annealing", {"first": 0.3}),
        ("no balancing", {"sweeps": 0}),
        ("cold start", {"cold": True}),
        ("one balancing sweep", {"sweeps": 1}),
    ],
)
def test_algorithm_1(name, changes, seed, monkeypatch):
    S, E, Y, labelled = problem(seed)
    values = config(temperatures=12)
    variants = {"Kiln": annealing.kiln_settings(values), **annealing.ablations(values), **annealing.details(values)}
    temperatures, fields = [], []
    gibbs = annealing.gibbs

    def spy(h, temperature, *rest, **named):
        temperatures.append(temperature)
        fields.append(h.copy())
        return gibbs(h, temperature, *rest, **named)

    monkeypatch.setattr(annealing, "gibbs", spy)
    predicted = annealing.kiln(S, E, Y, labelled, variants[name])
    expected_T, expected_h, P = algorithm_1(S, E, Y, labelled, 12, **changes)
    np.testing.assert_allclose(temperatures, expected_T, rtol=1e-13)
    np.testing.assert_allclose(np.array(fields), expected_h, atol=1e-10)
    rest = np.setdiff1d(np.arange(len(Y)), labelled)
    np.testing.assert_array_equal(predicted[rest], P.argmax(axis=1)[rest])
