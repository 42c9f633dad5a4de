"""The method Kiln and its variants [2.2 to 2.5, alg:1, tab:3]."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve

from kiln.data import Draw
from kiln.graph import Graph, check_components, squared_distances


@dataclass(frozen=True)
class KilnSettings:
    """Parameters of [tab:1] and [app:A], and the switches of the variants of [tab:3].

    `t_first` and `t_last` are in units of the critical temperature 1/C.
    """

    k: int
    scale_neighbour: int
    r: int
    unit_rows: bool
    beta: float
    alpha: float
    t_first: float
    t_last: float
    tau: int
    sweeps: int
    use_neighbours: bool
    move_prototypes: bool
    use_balance: bool
    cold_start: bool


def default_settings(config: dict) -> KilnSettings:
    """The settings of the complete method [tab:1, app:A]."""
    model, training = config["model"], config["training"]
    return KilnSettings(
        k=model["k"],
        scale_neighbour=model["scale_neighbour"],
        r=model["r"],
        unit_rows=model["unit_rows"],
        # R23: weight of the prototypes [tab:1]
        beta=model["beta"],
        # R25: damping of the starting label spreading [tab:1]
        alpha=model["alpha"],
        # R24: end points in units of 1/C and number of temperatures [tab:1]
        t_first=training["t_first"],
        t_last=training["t_last"],
        tau=training["tau"],
        sweeps=model["balance_sweeps"],
        use_neighbours=model["use_neighbours"],
        move_prototypes=model["move_prototypes"],
        use_balance=model["use_balance"],
        cold_start=model["cold_start"],
    )


def ablation_settings(config: dict) -> dict[str, KilnSettings]:
    """The variants of [tab:3] by their names, each with one change."""
    base, experiment = default_settings(config), config["experiment"]
    return {
        "no neighbours": replace(base, use_neighbours=False),
        # R47: beta = 0 [tab:3]
        "no prototypes": replace(base, beta=experiment["no_prototypes_beta"]),
        "frozen prototypes": replace(base, move_prototypes=False),
        # R49: the first temperature is the last one, with the same number of updates [tab:3]
        "no annealing": replace(base, t_first=experiment["no_annealing_t_first"]),
        "no balancing": replace(base, use_balance=False),
        "cold start": replace(base, cold_start=True),
    }


def label_matrix(draw: Draw, n: int, n_classes: int, dtype: np.dtype) -> np.ndarray:
    """Y (n, C): one-hot rows for labelled points, zeros elsewhere [2.5¶1]."""
    y = np.zeros((n, n_classes), dtype=dtype)
    y[draw.labelled, draw.labels] = 1
    return y


def label_spreading(s: np.ndarray, y: np.ndarray, alpha: float) -> np.ndarray:
    """Z = (I - alpha S)^(-1) Y for S (n, n) and any number of columns of Y (n, m) [eq:11]."""
    a = -alpha * s
    a[np.diag_indices_from(a)] += 1
    # R26: exact solve; the matrix is positive definite, as |eigenvalues of S| <= 1 and alpha < 1 [eq:11]
    return solve(a, y, assume_a="pos", overwrite_a=True)


def class_mass(z: np.ndarray) -> np.ndarray:
    """Z (n, C) divided by its column sums over all points [eq:11]."""
    # R27: class mass normalisation with equal masses [eq:11]
    return z / z.sum(axis=0)


def prototypes(p: np.ndarray, e: np.ndarray) -> np.ndarray:
    """M (C, r): means of the embedding e (n, r) weighted by P (n, C) [eq:5]."""
    # R10: over all points, labelled ones included, and not rescaled [eq:5]
    return (p.T @ e) / p.sum(axis=0)[:, None]


def start(
    graph: Graph, e: np.ndarray, draw: Draw, n_classes: int, settings: KilnSettings
) -> tuple[np.ndarray, np.ndarray]:
    """The first P (n, C) and M (C, r): label spreading [2.5], or uniform for the cold start [tab:3]."""
    y = label_matrix(draw, len(e), n_classes, e.dtype)
    if settings.cold_start:
        # R52: uniform but for the labels; prototypes at the means of the labelled points [3¶5]
        p = np.full_like(y, 1 / n_classes)
        reset_labels(p, draw)
        return p, prototypes(y, e)
    p = class_mass(label_spreading(graph.s, y, settings.alpha))
    # R28: rows scaled to sum one, then the labels; no balancing here [2.5¶2]
    p /= p.sum(axis=1, keepdims=True)
    reset_labels(p, draw)
    # R29: the first prototypes follow from the first assignments [2.5¶2]
    return p, prototypes(p, e)


def field(graph: Graph, p: np.ndarray, e: np.ndarray, m: np.ndarray, settings: KilnSettings) -> np.ndarray:
    """h (n, C): what neighbours and prototypes say about each point [eq:6]."""
    # R11: both terms, the sum over all points [eq:6]
    h = -settings.beta * squared_distances(e, m)
    # R46: the variant without neighbours leaves the first term out [tab:3]
    if settings.use_neighbours:
        h += graph.s_sparse @ p
    return h


def gibbs(h: np.ndarray, temperature: float) -> np.ndarray:
    """Gibbs distribution of each row of the field h (n, C) [eq:7]."""
    g = h / temperature
    # The maximum cancels in the quotient and keeps exp from overflowing.
    g -= g.max(axis=1, keepdims=True)
    np.exp(g, out=g)
    # R13: exp(h/T), normalised over the classes [eq:7]
    return g / g.sum(axis=1, keepdims=True)


def reset_labels(q: np.ndarray, draw: Draw) -> None:
    """Set the rows of labelled points of q (n, C) to their labels, in place [2.3¶4]."""
    q[draw.labelled] = 0
    q[draw.labelled, draw.labels] = 1


def balance(q: np.ndarray, draw: Draw, sweeps: int) -> np.ndarray:
    """Restore the equal mass of the classes of q (n, C) by `sweeps` sweeps [eq:8, app:A¶3]."""
    q = q.copy()
    n, n_classes = q.shape
    # R57, R58: a fixed number of sweeps without a test of convergence [app:A¶3, tab:5]
    for _ in range(sweeps):
        # R15: columns over all points, then labels, then rows [eq:8]
        q *= (n / n_classes) / q.sum(axis=0)
        reset_labels(q, draw)
        q /= q.sum(axis=1, keepdims=True)
    return q


def temperatures(n_classes: int, settings: KilnSettings) -> np.ndarray:
    """The tau temperatures of the schedule, both ends included [eq:9]."""
    if settings.tau < 2:
        raise ValueError(f"the schedule needs at least two temperatures, not {settings.tau}")
    first, last = settings.t_first / n_classes, settings.t_last / n_classes
    # R18: geometric from the first to the last temperature [eq:9]
    return first * (last / first) ** (np.arange(settings.tau) / (settings.tau - 1))


def run_kiln(graph: Graph, e: np.ndarray, draw: Draw, n_classes: int, settings: KilnSettings) -> np.ndarray:
    """Run Kiln on the graph and its embedding e (n, r); return a class for each of the n points [alg:1]."""
    # R30: label spreading needs a label in every component [2.5¶2]
    check_components(graph.component, draw.labelled)
    # R55, R59: closed forms without random numbers, in the precision of S and e [5¶1]
    p, m = start(graph, e, draw, n_classes, settings)
    # R17: one update of P and M at each temperature [2.4¶1]
    for temperature in temperatures(n_classes, settings):
        # R12: all points move at the same time, from the same P and M [2.3¶3]
        h = field(graph, p, e, m, settings)
        # R19: field, Gibbs distributions with labelled rows one-hot, Balance [alg:1]
        q = gibbs(h, temperature)
        reset_labels(q, draw)
        # R50: without balancing, P is Q [tab:3]
        p = balance(q, draw, settings.sweeps) if settings.use_balance else q
        # R20, R48: prototypes of the new P, unless they are frozen [alg:1, tab:3]
        if settings.move_prototypes:
            m = prototypes(p, e)
    # R21: the largest entry of each row, the smallest class on ties [alg:1]
    return p.argmax(axis=1)
