"""Kiln: the reference implementation of the example paper, ``examples/kiln/paper.tex``.

This is the hidden ground truth of PaperCoder's bundled example. It is never shown to the system; the paper is. The
tables of the paper are made from it by ``kiln_experiments.py``.

Symbols: ``n`` points, ``C`` classes, ``r`` embedding dimensions; ``S`` (n, n) is the normalised graph, ``E`` (n, r) the
embedding, ``P`` (n, C) the assignments, ``M`` (C, r) the prototypes, ``T`` the temperature. Equation numbers are the
paper's.

- Only in the paper's appendix: the rows of the embedding have unit length (Eq. 12); a balancing call is ten sweeps.
- Cited without being repeated: the local scale is the distance to the seventh neighbour (Zelnik-Manor, Perona 2004).
- Left open, as papers do: in which space the baseline "nearest labelled neighbour" measures distances. Here it is the
  embedding of Eq. 3, as for the prototypes; ``ambiguity`` in the results says what the grey values give instead, and
  what Kiln gives if a point counts as one of its own neighbours.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LOCAL_SCALE_NEIGHBOUR = 7


@dataclass(frozen=True)
class GraphConfig:
    """Section 2.1."""

    neighbours: int = 10
    """k, the nearest neighbours that a point is connected to."""
    local_scale_neighbour: int = LOCAL_SCALE_NEIGHBOUR
    """The neighbour whose distance is a point's local scale."""
    rank: int = 20
    """r, the number of leading eigenvectors in the embedding."""
    unit_rows: bool = True
    """Eq. 12; if not, the eigenvectors are taken as they are."""


@dataclass(frozen=True)
class KilnConfig:
    """Table 1, and the switches of the ablation (Table 3)."""

    attraction: float = 0.2
    """beta, the weight of the prototype term in Eq. 4."""
    start_temperature: float = 3.0
    """T_1 in units of the critical temperature 1/C of Eq. 10."""
    end_temperature: float = 0.3
    """T_tau in the same units."""
    steps: int = 40
    """tau, the number of temperatures."""
    sweeps: int = 10
    """Sweeps of Eq. 8 in a balancing call; 0 leaves the classes unbalanced."""
    spreading: float = 0.99
    """alpha of the label spreading that the assignments start from."""
    coupling: float = 1.0
    """Weight of the graph term in Eq. 4; 0 leaves the neighbours out."""
    update_prototypes: bool = True
    """Whether Eq. 5 is applied after the start."""
    spread_start: bool = True
    """Whether to start from label spreading; if not, from uniform rows and the means of the labelled points."""


@dataclass(frozen=True)
class Graph:
    """What the points alone determine."""

    similarity: Any
    """S of Eq. 2, a sparse (n, n) matrix."""
    embedding: FloatArray
    """E of Eq. 3, (n, r)."""
    spreading_kernel: FloatArray
    """(I - alpha S)^-1 of Eq. 11, (n, n)."""


@dataclass(frozen=True)
class Labels:
    """What is known of the classes."""

    labelled: IntArray
    """Indices of the labelled points, (m,)."""
    one_hot: FloatArray
    """Their classes, (m, C)."""

    @property
    def classes(self) -> int:
        """C."""
        return int(self.one_hot.shape[1])


def squared_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """Squared Euclidean distances between the rows of a and of b, (len(a), len(b))."""
    return np.asarray(np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T, 0))


def affinity(points: FloatArray, config: GraphConfig) -> FloatArray:
    """A of Eq. 1: self-tuned weights between points of which one is a nearest neighbour of the other; ties by index."""
    distances = squared_distances(points, points)
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")
    scale = np.sqrt(np.take_along_axis(distances, order[:, [config.local_scale_neighbour - 1]], axis=1))
    neighbours = np.zeros(distances.shape, dtype=bool)
    np.put_along_axis(neighbours, order[:, : config.neighbours], values=True, axis=1)
    return np.where(neighbours | neighbours.T, np.exp(-distances / (scale * scale.T)), 0.0)


def normalised(weights: FloatArray) -> FloatArray:
    """S of Eq. 2: D^-1/2 A D^-1/2."""
    degree = weights.sum(1)
    return np.asarray(weights / np.sqrt(degree[:, None] * degree))


def eigenvectors(similarity: FloatArray) -> FloatArray:
    """All eigenvectors as columns, by falling eigenvalue, (n, n)."""
    return np.asarray(np.linalg.eigh(similarity)[1][:, ::-1])


def embed(vectors: FloatArray, config: GraphConfig) -> FloatArray:
    """E of Eq. 3, with the scale of Eq. 12, from the ordered eigenvectors."""
    leading = vectors[:, : config.rank]
    return np.asarray(leading / np.linalg.norm(leading, axis=1, keepdims=True)) if config.unit_rows else leading


def spreading_kernel(similarity: FloatArray, alpha: float) -> FloatArray:
    """(I - alpha S)^-1 of Eq. 11."""
    return np.asarray(np.linalg.inv(np.eye(len(similarity)) - alpha * similarity))


def build_graph(points: FloatArray, config: GraphConfig, alpha: float) -> Graph:
    """All of Section 2.1 and the kernel of Eq. 11."""
    similarity = normalised(affinity(points, config))
    embedding = embed(eigenvectors(similarity), config)
    return Graph(sp.csr_matrix(similarity), embedding, spreading_kernel(similarity, alpha))


def known(labels: IntArray, labelled: IntArray, classes: int) -> Labels:
    """The labels of the labelled points alone."""
    return Labels(labelled, np.eye(classes)[labels[labelled]])


def clamp(assignments: FloatArray, labels: Labels) -> FloatArray:
    """The labelled rows of the assignments replaced by their labels."""
    clamped = assignments.copy()
    clamped[labels.labelled] = labels.one_hot
    return clamped


def column_sums(matrix: FloatArray) -> FloatArray:
    """As a product, which is ten times faster than ``sum`` for a tall matrix; (C,)."""
    return np.asarray(np.ones(len(matrix)) @ matrix)


def normalise_rows(matrix: FloatArray) -> FloatArray:
    """Every row divided by its sum."""
    return np.asarray(matrix / (matrix @ np.ones(matrix.shape[1]))[:, None])


def spread(kernel: FloatArray, labels: Labels, *, class_mass: bool) -> FloatArray:
    """Label spreading in closed form (Eq. 11), with or without class mass normalisation; (n, C)."""
    scores = kernel[:, labels.labelled] @ labels.one_hot
    return np.asarray(scores / column_sums(scores) if class_mass else scores)


def prototypes(assignments: FloatArray, embedding: FloatArray) -> FloatArray:
    """M of Eq. 5, the minimiser of the free energy for fixed assignments."""
    return np.asarray(assignments.T @ embedding / column_sums(assignments)[:, None])


def field(graph: Graph, assignments: FloatArray, centres: FloatArray, config: KilnConfig) -> FloatArray:
    """h of Eq. 6: what the neighbours and the prototypes say of each point, (n, C)."""
    return np.asarray(
        config.coupling * (graph.similarity @ assignments)
        - config.attraction * squared_distances(graph.embedding, centres)
    )


def assign(energy_field: FloatArray, temperature: float, labels: Labels) -> FloatArray:
    """Eq. 7: the Gibbs distribution of each unlabelled point."""
    scaled = energy_field / temperature
    return clamp(normalise_rows(np.exp(scaled - scaled.max(1, keepdims=True))), labels)


def balance(assignments: FloatArray, labels: Labels, sweeps: int) -> FloatArray:
    """Sweeps of Eq. 8: scale the classes to equal mass, put the labels back, scale the rows to one."""
    size, classes = assignments.shape
    for _ in range(sweeps):
        scaled = assignments * (size / classes / column_sums(assignments))
        assignments = normalise_rows(clamp(scaled, labels))
    return assignments


def temperatures(config: KilnConfig, classes: int) -> FloatArray:
    """Eq. 9: geometric, from the start to the end temperature."""
    return np.geomspace(config.start_temperature, config.end_temperature, config.steps) / classes


def start(graph: Graph, labels: Labels, config: KilnConfig) -> tuple[FloatArray, FloatArray]:
    """The first assignments and prototypes (Eq. 11, then Eq. 5)."""
    if not config.spread_start:
        uniform = np.full((len(graph.embedding), labels.classes), 1 / labels.classes)
        return clamp(uniform, labels), prototypes(labels.one_hot, graph.embedding[labels.labelled])
    scores = spread(graph.spreading_kernel, labels, class_mass=True)
    assignments = clamp(normalise_rows(scores), labels)
    return assignments, prototypes(assignments, graph.embedding)


def fire(graph: Graph, labels: Labels, config: KilnConfig) -> FloatArray:
    """Algorithm 1: the assignments at the end temperature, (n, C)."""
    assignments, centres = start(graph, labels, config)
    for temperature in temperatures(config, labels.classes):
        proposed = assign(field(graph, assignments, centres, config), temperature, labels)
        assignments = balance(proposed, labels, config.sweeps)
        if config.update_prototypes:
            centres = prototypes(assignments, graph.embedding)
    return assignments


def free_energy(graph: Graph, assignments: FloatArray, centres: FloatArray, beta: float, temperature: float) -> float:
    """F of Eq. 4."""
    agreement = -0.5 * np.sum(assignments * (graph.similarity @ assignments))
    attraction = beta * np.sum(assignments * squared_distances(graph.embedding, centres))
    positive = assignments[assignments > 0]
    return float(agreement + attraction + temperature * np.sum(positive * np.log(positive)))


def nearest_neighbour(points: FloatArray, labels: IntArray, labelled: IntArray) -> IntArray:
    """The label of the nearest labelled point, (n,)."""
    return np.asarray(labels[labelled][squared_distances(points, points[labelled]).argmin(1)])
