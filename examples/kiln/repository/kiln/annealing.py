"""Kiln: annealing of graph and prototypes together ([2.2] to [2.5], [alg:1])."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.spatial.distance import cdist

from kiln.spreading import class_mass, spreading_scores


@dataclass(frozen=True)
class KilnSettings:
    """Parameters of [tab:1] and switches of the ablations; temperatures in units of T_c = 1/C ([2.4¶3])."""

    neighbours: int
    dimensions: int
    unit_sphere: bool
    beta: float
    use_neighbours: bool
    update_prototypes: bool
    balance: bool
    balancing_sweeps: int
    first_temperature: float
    last_temperature: float
    temperatures: int
    alpha: float
    cold_start: bool


def kiln_settings(config: dict) -> KilnSettings:
    """The settings of Kiln itself ([tab:1])."""
    model, training = config["model"], config["training"]
    return KilnSettings(
        # R19: neighbours k in the graph and dimensions r of the embedding
        neighbours=model["neighbours"],
        dimensions=model["dimensions"],
        unit_sphere=model["unit_sphere"],
        beta=model["beta"],  # R20: weight of the prototypes
        use_neighbours=model["use_neighbours"],
        update_prototypes=model["update_prototypes"],
        balance=model["balance"],
        balancing_sweeps=model["balancing_sweeps"],
        first_temperature=training["first_temperature"],
        last_temperature=training["last_temperature"],
        temperatures=training["temperatures"],  # R21: tau temperatures, one update each
        alpha=training["alpha"],  # R22: damping of the starting label spreading
        cold_start=training["cold_start"],
    )


def ablations(config: dict) -> dict[str, KilnSettings]:
    """The variants of [tab:3] by name; each changes one part of Kiln."""
    kiln_itself, experiment = kiln_settings(config), config["experiment"]
    return {
        "no neighbours": replace(kiln_itself, use_neighbours=False),
        "no prototypes": replace(kiln_itself, beta=experiment["no_prototypes_beta"]),  # R43: beta = 0
        "frozen prototypes": replace(kiln_itself, update_prototypes=False),
        # R45: T_1 equals T_tau, so that all tau updates run at the last temperature
        "no annealing": replace(kiln_itself, first_temperature=experiment["no_annealing_first_temperature"]),
        "no balancing": replace(kiln_itself, balance=False),
        "cold start": replace(kiln_itself, cold_start=True),
    }


def sensitivity(config: dict) -> dict[str, KilnSettings]:
    """The variants of [tab:4] by name; each changes one parameter of Kiln."""
    kiln_itself, experiment = kiln_settings(config), config["experiment"]
    variants = {}
    for r in experiment["sensitivity_dimensions"]:
        variants[f"Kiln, r = {r}"] = replace(kiln_itself, dimensions=r)
    for beta in experiment["sensitivity_betas"]:
        variants[f"Kiln, β = {beta}"] = replace(kiln_itself, beta=beta)
    for tau in experiment["sensitivity_temperatures"]:
        variants[f"Kiln, τ = {tau}"] = replace(kiln_itself, temperatures=tau)
    return variants


def details(config: dict) -> dict[str, KilnSettings]:
    """The variants of [tab:5] by name; each changes one implementation detail of Kiln."""
    kiln_itself, experiment = kiln_settings(config), config["experiment"]
    return {
        "rows of the embedding left as they are": replace(kiln_itself, unit_sphere=False),
        # R54: one sweep in a call of Balance
        "one balancing sweep": replace(kiln_itself, balancing_sweeps=experiment["one_sweep_balancing_sweeps"]),
    }


def schedule(settings: KilnSettings, classes: int) -> np.ndarray:
    """The temperatures T_1, ..., T_tau, (tau,), which fall geometrically ([eq:9])."""
    if settings.temperatures < 2:
        raise ValueError("the schedule needs at least two temperatures")
    # R16: the end points are set in units of the critical temperature T_c = 1/C
    critical = 1 / classes
    first, last = settings.first_temperature * critical, settings.last_temperature * critical
    # R15: T_t = T_1 (T_tau / T_1)^((t - 1) / (tau - 1)), t = 1, ..., tau (eq:9)
    return first * (last / first) ** (np.arange(settings.temperatures) / (settings.temperatures - 1))


def prototypes(P: np.ndarray, E: np.ndarray) -> np.ndarray:
    """The prototypes m_c, (C, r), of assignments P, (n, C), in the embedding E, (n, r) ([eq:5])."""
    # R10: weighted means over all points, labelled points included (eq:5)
    return (P.T @ E) / P.sum(axis=0)[:, np.newaxis]


def start(
    S: sparse.csr_matrix, E: np.ndarray, Y: np.ndarray, labelled: np.ndarray, settings: KilnSettings
) -> tuple[np.ndarray, np.ndarray]:
    """The first assignments, (n, C), and prototypes, (C, r) ([2.5], [eq:11]; cold start: [tab:3], [3¶5]).

    S: (n, n) graph; E: (n, r) embedding; Y: (n, C), one-hot in the labelled rows, zero elsewhere.
    """
    if settings.cold_start:
        # R48: uniform assignments; Y is zero in unlabelled rows, so that its prototypes are the labelled means
        P = np.full(Y.shape, 1 / Y.shape[1])
        # R56 (assumed): the labelled rows are one-hot, as the constraints of [2.2¶2] ask
        P[labelled] = Y[labelled]
        return P, prototypes(Y, E)
    # R23: p_ic is proportional to Z_ic / sum_j Z_jc with Z = (I - alpha S)^-1 Y (eq:11)
    P = class_mass(spreading_scores(S, Y, settings.alpha))
    # R24: rows scaled to sum one, then the labelled rows set to their labels
    P = P / P.sum(axis=1, keepdims=True)
    P[labelled] = Y[labelled]
    # R25: the first prototypes are those of the first assignments
    return P, prototypes(P, E)


def field(
    S: sparse.csr_matrix, P: np.ndarray, E: np.ndarray, M: np.ndarray, settings: KilnSettings
) -> np.ndarray:
    """The field h, (n, C), of assignments P, (n, C), and prototypes M, (C, r) ([eq:6])."""
    # R11: h_ic = sum_j S_ij p_jc - beta ||e_i - m_c||^2 (eq:6)
    h = -settings.beta * cdist(E, M, "sqeuclidean")
    # R42: the ablation without neighbours leaves out the first term
    if settings.use_neighbours:
        h += S @ P
    return h


def gibbs(h: np.ndarray, temperature: float, Y: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """The Gibbs distributions Q, (n, C), of the field h, (n, C), with one-hot labelled rows ([eq:7], [2.3¶4])."""
    # R12: q_ic = exp(h_ic / T) / sum_c' exp(h_ic' / T), for all points at the same time (eq:7)
    # Without the row maximum the exponentials overflow at low temperatures.
    Q = np.exp((h - h.max(axis=1, keepdims=True)) / temperature)
    Q /= Q.sum(axis=1, keepdims=True)
    # R13: the rows of labelled points are reset to their labels
    Q[labelled] = Y[labelled]
    return Q


def balance(Q: np.ndarray, Y: np.ndarray, labelled: np.ndarray, sweeps: int) -> np.ndarray:
    """Q, (n, C), after balancing sweeps towards classes of equal mass n/C ([eq:8], [app:A¶3])."""
    n, classes = Q.shape
    Q = Q.copy()
    # R53: always the same number of sweeps, without a test of convergence
    for _ in range(sweeps):
        # R14: columns to mass n/C over all points, labelled rows to their labels, rows to sum one (eq:8)
        Q *= n / classes / Q.sum(axis=0)
        Q[labelled] = Y[labelled]
        Q /= Q.sum(axis=1, keepdims=True)
    return Q


def kiln(
    S: sparse.csr_matrix, E: np.ndarray, Y: np.ndarray, labelled: np.ndarray, settings: KilnSettings
) -> np.ndarray:
    """Predicted classes of all points, (n,), by Algorithm 1 from line 2 on ([alg:1]).

    S: (n, n) graph; E: (n, r) embedding; Y: (n, C), one-hot in the labelled rows, zero elsewhere.
    """
    P, M = start(S, E, Y, labelled, settings)
    # R17: temperature, field, Gibbs distributions, balancing, prototypes, in this order
    for temperature in schedule(settings, Y.shape[1]):
        h = field(S, P, E, M, settings)
        P = gibbs(h, temperature, Y, labelled)
        # R46: the ablation without balancing leaves out line 7, P <- Q
        if settings.balance:
            P = balance(P, Y, labelled, settings.balancing_sweeps)
        # R44: the ablation with frozen prototypes leaves out line 8
        if settings.update_prototypes:
            M = prototypes(P, E)
    # R18: the class of the largest entry in each row
    return np.argmax(P, axis=1)
