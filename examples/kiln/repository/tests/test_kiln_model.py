from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.sparse import csr_array

import kiln.model as model
from kiln.data import Draw
from kiln.graph import Graph

CONFIG = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
SETTINGS = {"Kiln": model.default_settings(CONFIG), **model.ablation_settings(CONFIG)}
P = np.array([[0.25, 0.75], [0.75, 0.25], [0.6, 0.4]])
E = np.array([[2.0, -1], [4, 3], [-3, 5]])


def graph_of(s):
    s = np.array(s, dtype=float)
    return Graph(s=s, s_sparse=csr_array(s), component=np.zeros(len(s), dtype=int))


def draw_of(n, labelled, labels):
    return Draw(np.array(labelled), np.array(labels), np.setdiff1d(np.arange(n), labelled))


def reference(s, e, draw, c, variant):
    """P and M at the start and after each of the 40 updates, from the paper's words [alg:1, tab:3]."""
    n, one_hot = len(s), np.eye(c)[draw.labels]

    def means(w):
        return np.array([sum(w[i, k] * e[i] for i in range(n)) / w[:, k].sum() for k in range(c)])

    y = np.zeros((n, c))
    y[draw.labelled] = one_hot
    z = np.linalg.inv(np.eye(n) - 0.99 * s) @ y
    p = np.full((n, c), 1 / c) if variant == "cold start" else z / z.sum(axis=0)
    p = p / p.sum(axis=1)[:, None]
    p[draw.labelled] = one_hot
    m = means(y if variant == "cold start" else p)
    states = [(p, m)]
    for t in range(1, 41):
        temperature = (0.3 if variant == "no annealing" else 3 * 0.1 ** ((t - 1) / 39)) / c
        beta = 0 if variant == "no prototypes" else 0.2
        h = -beta * ((e[:, None, :] - m[None, :, :]) ** 2).sum(axis=2)
        if variant != "no neighbours":
            h = h + s @ p
        p = np.exp(h / temperature)
        p = p / p.sum(axis=1)[:, None]
        p[draw.labelled] = one_hot
        for _ in range(0 if variant == "no balancing" else 10):
            p = n / c * p / p.sum(axis=0)
            p[draw.labelled] = one_hot
            p = p / p.sum(axis=1)[:, None]
        if variant != "frozen prototypes":
            m = means(p)
        states.append((p, m))
    return states


def test_prototypes():
    # R10: weighted means worked out by hand; the column sums are 1.6 and 1.4 (eq:5)
    expected = [[1.7 / 1.6, 5 / 1.6], [1.3 / 1.4, 2 / 1.4]]
    np.testing.assert_allclose(model.prototypes(P, E), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("Kiln", [[-1.445, -7.955], [-0.155, -6.945], [-8.775, -0.125]]),
        ("no neighbours", [[-2, -8.2], [-0.4, -7.4], [-9, -0.4]]),
        ("no prototypes", [[0.555, 0.245], [0.245, 0.455], [0.225, 0.275]]),
    ],
)
def test_field(variant, expected):
    # R11, R23: squared distances [[10, 41], [2, 37], [45, 2]] times beta = 0.2 (eq:6); R46, R47: one term is missing
    graph = graph_of([[0, 0.5, 0.3], [0.5, 0, 0.2], [0.3, 0.2, 0]])
    h = model.field(graph, P, E, np.array([[3.0, 2], [-2, 4]]), SETTINGS[variant])
    np.testing.assert_allclose(h, expected, rtol=1e-13)


@pytest.mark.parametrize("shift", [0, 900])
def test_gibbs(shift):
    # R13: h = T log w gives q = w / sum w, whatever is added to a row (eq:7)
    weights = np.array([[2, 3, 5], [7, 2, 3]])
    q = model.gibbs(0.7 * np.log(weights) + shift, 0.7)
    np.testing.assert_allclose(q, [[0.2, 0.3, 0.5], [7 / 12, 2 / 12, 3 / 12]], rtol=1e-11)


def test_balance():
    # R15: one sweep by hand; the column sums are 1.7 and 1.3, row 2 is labelled 1 (eq:8)
    q, draw = np.array([[0.6, 0.4], [0.8, 0.2], [0.3, 0.7]]), draw_of(3, [2], [1])
    once = model.balance(q, draw, 1)
    np.testing.assert_allclose(once, [[39 / 73, 34 / 73], [52 / 69, 17 / 69], [0, 1]], rtol=1e-14)
    # R57: 10 sweeps, repeated as they are
    np.testing.assert_allclose(model.balance(q, draw, 2), model.balance(once, draw, 1), rtol=1e-14)
    assert SETTINGS["Kiln"].sweeps == 10


def test_temperatures():
    # R18, R24: C = 5; a third and two thirds of the 39 steps (eq:9, tab:1)
    t = model.temperatures(5, SETTINGS["Kiln"])
    assert len(t) == 40
    np.testing.assert_allclose(t[[0, 13, 26, 39]], 0.6 * 0.1 ** np.array([0, 1 / 3, 2 / 3, 1]), rtol=1e-13)
    np.testing.assert_allclose(model.temperatures(5, replace(SETTINGS["Kiln"], tau=2)), [0.6, 0.06], rtol=1e-13)
    # R49: all 40 at 0.3/C
    np.testing.assert_allclose(model.temperatures(5, SETTINGS["no annealing"]), np.full(40, 0.06), rtol=1e-13)


def test_start():
    # R25, R26: chain 0-1-2 with labels 1 at 0 and 0 at 1; b = alpha / sqrt(2) (eq:11)
    b = 0.99 / np.sqrt(2)
    graph, draw = graph_of(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / np.sqrt(2)), draw_of(3, [0, 1], [1, 0])
    y = model.label_matrix(draw, 3, 2, np.dtype(float))
    assert y.tolist() == [[0, 1], [1, 0], [0, 0]]
    z = np.array([[b, 1 - b**2], [1, b], [b, b**2]]) / (1 - 2 * b**2)
    np.testing.assert_allclose(model.label_spreading(graph.s, y, 0.99), z, rtol=1e-11)
    # R27, R28, R29: the columns of Z are divided by sums in the ratio 1 + 2b to 1 + b
    p, m = model.start(graph, E, draw, 2, SETTINGS["Kiln"])
    share = (1 + b) / (1 + 2 * b + 2 * b**2)
    np.testing.assert_allclose(p, [[0, 1], [1, 0], [share, 1 - share]], rtol=1e-11)
    expected = [(E[1] + share * E[2]) / (1 + share), (E[0] + (1 - share) * E[2]) / (2 - share)]
    np.testing.assert_allclose(m, expected, rtol=1e-11)
    # R52: uniform but for the labels, prototypes at the labelled points [3¶5]
    p, m = model.start(graph, E, draw, 2, SETTINGS["cold start"])
    assert p.tolist() == [[0, 1], [1, 0], [0.5, 0.5]]
    np.testing.assert_allclose(m, E[[1, 0]], rtol=1e-14)


@pytest.mark.parametrize("variant", SETTINGS)
def test_all_updates(variant, monkeypatch):
    # R12, R17, R19, R20, R21, R55, R57: P and M of each of the 40 updates, and the prediction (alg:1)
    # R46, R47, R48, R49, R50, R52: each variant has one change (tab:3)
    rng = np.random.default_rng(5)
    a = np.triu(rng.uniform(0.1, 0.9, (9, 9)) ** 4, 1)
    a = a + a.T
    s = a / np.sqrt(np.outer(a.sum(axis=1), a.sum(axis=1)))
    e = rng.normal(size=(9, 4))
    e = e / np.linalg.norm(e, axis=1)[:, None]
    draw = draw_of(9, [1, 3, 4, 6], [2, 0, 1, 0])
    seen, field = [], model.field

    def spy(graph, p, e, m, settings):
        seen.append((p.copy(), m.copy()))
        return field(graph, p, e, m, settings)

    monkeypatch.setattr(model, "field", spy)
    predicted = model.run_kiln(graph_of(s), e, draw, 3, SETTINGS[variant])
    states = reference(s, e, draw, 3, variant)
    assert len(seen) == 40
    for (p, m), (expected_p, expected_m) in zip(seen, states, strict=False):
        np.testing.assert_allclose(p, expected_p, atol=1e-8)
        np.testing.assert_allclose(m, expected_m, atol=1e-8)
    np.testing.assert_array_equal(predicted, states[-1][0].argmax(axis=1))
