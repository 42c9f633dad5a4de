"""Kiln: annealing a neighbourhood graph and class prototypes together ([2.2] to [2.5], [alg:1], [app:A¶3])."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from src.baseline_methods import LabelSpreader, divide_by_class_mass, one_hot_labels
from src.digits_data import LabelDraw

# R56: nothing in this file draws a random number; predictions are deterministic for given labels [5¶1]


@dataclass(frozen=True)
class KilnParameters:
    """The parameters of [tab:1] and the switches of the ablations [tab:3]; temperatures in units of 1/C."""

    neighbours: int
    dimensions: int
    unit_sphere: bool
    beta: float
    first_temperature: float
    last_temperature: float
    temperatures: int
    sweeps: int
    start_alpha: float
    use_neighbours: bool
    update_prototypes: bool
    balance: bool
    cold_start: bool

    @classmethod
    def from_config(cls, config: dict) -> KilnParameters:
        """The parameters that the configuration gives, without defaults of their own [tab:1]."""
        model, training = config["model"], config["training"]
        return cls(
            neighbours=model["neighbours"],  # R21: k, neighbours in the graph [tab:1]
            dimensions=model["dimensions"],  # R22: r, dimensions of the embedding [tab:1]
            unit_sphere=model["unit_sphere"],
            beta=model["beta"],  # R23: weight of the prototypes [tab:1]
            first_temperature=training["first_temperature"],
            last_temperature=training["last_temperature"],
            temperatures=training["temperatures"],  # R24: tau, one update each [tab:1]
            sweeps=model["sweeps"],
            start_alpha=model["start_alpha"],  # R25: damping of the starting label spreading [tab:1]
            use_neighbours=model["use_neighbours"],
            update_prototypes=model["update_prototypes"],
            balance=model["balance"],
            cold_start=model["cold_start"],
        )


def temperature_schedule(parameters: KilnParameters, classes: int) -> np.ndarray:
    """The temperatures T_1, ..., T_tau (tau,) that fall geometrically (eq:9)."""
    count = parameters.temperatures
    if count < 2:
        raise ValueError(f"the schedule (9) needs at least two temperatures, not {count}")
    # R18: end points in units of the critical temperature T_c = 1/C [2.4¶3]
    critical = 1.0 / classes
    first, last = parameters.first_temperature * critical, parameters.last_temperature * critical
    # R17: T_t = T_1 (T_tau / T_1)^((t - 1) / (tau - 1)), t = 1, ..., tau (eq:9)
    return first * (last / first) ** (np.arange(count) / (count - 1))


def class_prototypes(assignments: np.ndarray, embedding: np.ndarray) -> np.ndarray:
    """The prototypes (C, r) of assignments P (n, C) in the embedding (n, r) (eq:5)."""
    # R9: m_c = sum_i p_ic e_i / sum_i p_ic over all points, labelled ones included (eq:5)
    return (assignments.T @ embedding) / assignments.sum(axis=0)[:, None]


def mean_field(
    graph: scipy.sparse.csr_matrix,
    assignments: np.ndarray,
    embedding: np.ndarray,
    prototypes: np.ndarray,
    beta: float,
    use_neighbours: bool,
) -> np.ndarray:
    """The field h (n, C) of assignments P (n, C) and prototypes M (C, r) (eq:6)."""
    # From the differences: the expanded square would lose digits where a point is close to a prototype.
    squared = np.stack([np.sum((embedding - prototype) ** 2, axis=1) for prototype in prototypes], axis=1)
    attraction = -beta * squared
    if not use_neighbours:
        # R47: no neighbours, the first term of (6) is left out [tab:3]
        return attraction
    # R10: h_ic = sum_j S_ij p_jc - beta ||e_i - m_c||^2 (eq:6)
    return graph @ assignments + attraction


def _with_labels(assignments: np.ndarray, draw: LabelDraw) -> np.ndarray:
    """A copy of assignments (n, C) in which the rows of labelled points are one-hot."""
    labelled = assignments.copy()
    labelled[draw.labelled] = one_hot_labels(*assignments.shape, draw)[draw.labelled]
    return labelled


def gibbs_step(field: np.ndarray, temperature: float, draw: LabelDraw) -> np.ndarray:
    """The Gibbs distributions Q (n, C) of the field h (n, C) at temperature T (eq:7)."""
    scaled = field / temperature
    # The shift by the row maximum cancels in (7) and keeps the exponentials from overflowing.
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    # R11: all points move at the same time, from one and the same field [2.3¶3]
    # R12: q_ic = exp(h_ic / T) / sum_c' exp(h_ic' / T) (eq:7)
    distributions = weights / weights.sum(axis=1, keepdims=True)
    # R13: rows of labelled points are reset to their labels [2.3¶4]
    return _with_labels(distributions, draw)


def balance_classes(assignments: np.ndarray, draw: LabelDraw, sweeps: int) -> np.ndarray:
    """Balance(Q): sweeps of (8) on assignments (n, C) towards the equal mass n/C of all classes [app:A¶3]."""
    count, classes = assignments.shape
    balanced = assignments
    # R58: a fixed number of sweeps, without a test of convergence [app:A¶3]
    for _ in range(sweeps):
        # R15: column sums over all n points, labelled ones included [2.3¶5]
        masses = balanced.sum(axis=0, keepdims=True)
        # R14: columns to mass n/C, labelled rows one-hot, rows to sum one, in this order (eq:8)
        balanced = (count / classes) * balanced / masses
        balanced = _with_labels(balanced, draw)
        balanced = balanced / balanced.sum(axis=1, keepdims=True)
    return balanced


class Kiln:
    """Algorithm 1 on one graph and its embedding; every label draw is solved on its own [alg:1]."""

    def __init__(
        self,
        graph: scipy.sparse.csr_matrix,
        embedding: np.ndarray,
        components: np.ndarray,
        spreader: LabelSpreader,
        classes: int,
        parameters: KilnParameters,
    ) -> None:
        """graph: S (n, n); embedding (n, r); components (n,) of the graph; spreader: on S with the start's damping."""
        self.graph = graph
        self.embedding = embedding
        self.components = components
        self.spreader = spreader
        self.classes = classes
        self.parameters = parameters

    def start(self, draw: LabelDraw) -> tuple[np.ndarray, np.ndarray]:
        """The first assignments P (n, C) and prototypes M (C, r) [2.5]."""
        # R31: the graph is connected or has a label in every component [2.5¶2]
        unlabelled_components = np.setdiff1d(self.components, self.components[draw.labelled])
        if len(unlabelled_components) > 0:
            raise ValueError(f"{len(unlabelled_components)} components of the graph hold no labelled point")

        if self.parameters.cold_start:
            count = len(self.components)
            uniform = np.full((count, self.classes), 1.0 / self.classes)
            # R67: only unlabelled rows are uniform, labelled rows are one-hot from the beginning
            assignments = _with_labels(uniform, draw)
            # R53: cold start, prototypes at the means of the labelled points [3¶5]
            prototypes = class_prototypes(one_hot_labels(count, self.classes, draw), self.embedding)
            return assignments, prototypes

        # R28: p_ic proportional to Z_ic / sum_j Z_jc with Z = (I - alpha S)^(-1) Y (eq:11)
        shares = divide_by_class_mass(self.spreader.scores(draw))
        # R29: each row scaled to sum one, the labelled rows then set to their labels [2.5¶2]
        assignments = _with_labels(shares / shares.sum(axis=1, keepdims=True), draw)
        # R30: the first prototypes follow from (5) [2.5¶2]
        return assignments, class_prototypes(assignments, self.embedding)

    def fit(self, draw: LabelDraw) -> np.ndarray:
        """The assignments P (n, C) after the last temperature, for the labels of the draw [alg:1]."""
        parameters = self.parameters
        assignments, prototypes = self.start(draw)
        # R16: one update at each of the temperatures [2.4¶1]
        for temperature in temperature_schedule(parameters, self.classes):
            # R19: field, Gibbs distributions, balance, prototypes, in this order (alg:1, lines 4 to 8)
            field = mean_field(
                self.graph, assignments, self.embedding, prototypes, parameters.beta, parameters.use_neighbours
            )
            proposal = gibbs_step(field, float(temperature), draw)
            if parameters.balance:
                assignments = balance_classes(proposal, draw, parameters.sweeps)
            else:
                # R51: no balancing, line 7 left out, P <- Q [tab:3]
                assignments = proposal
            # R49: frozen prototypes keep their start, line 8 left out [tab:3]
            if parameters.update_prototypes:
                prototypes = class_prototypes(assignments, self.embedding)
        return assignments

    def predict(self, draw: LabelDraw) -> np.ndarray:
        """The class of each of draw.unlabelled, in their order [alg:1]."""
        # R20: arg max_c p_ic of the final P for the unlabelled points (alg:1, line 10)
        return np.argmax(self.fit(draw)[draw.unlabelled], axis=1)
