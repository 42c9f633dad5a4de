"""The experiments of the example paper: ``python -m tests.reference.kiln_experiments`` writes ``kiln_results.json``.

Every accuracy is in percent, over the points without a label (Section 3). Means and population standard deviations are
over the seeds of the protocol. ``spread`` says how the means of Table 2 move when other label draws are taken, which is
what a repository with another random stream would see; ``tolerance`` is what such a repository is allowed.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from time import process_time

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits
from tests.reference import kiln
from tests.reference.kiln import FloatArray, Graph, GraphConfig, IntArray, KilnConfig

RESULTS = Path(__file__).with_name("kiln_results.json")
CLASSES = 10
LABELS_PER_CLASS = (2, 5, 10)
ABLATION_LABELS = (2, 5)
SENSITIVITY_LABELS = (2,)
SEEDS = range(20)
SPREAD_SEEDS = (range(20), range(20, 40), range(40, 60), range(60, 80), range(80, 100))
ONE_LABEL_SEEDS = range(100)
GRAPH = GraphConfig()
BASELINE_GRAPH = GraphConfig(neighbours=5)
AMBIGUOUS_GRAPH = GraphConfig(neighbours=9, local_scale_neighbour=6)

Predictor = Callable[[IntArray], IntArray]
"""From the indices of the labelled points to a class for every point."""


@dataclass(frozen=True)
class Cell:
    """Accuracies in percent over label draws."""

    per_seed: tuple[float, ...]
    mean: float = field(init=False)
    std: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", round(float(np.mean(self.per_seed)), 3))
        object.__setattr__(self, "std", round(float(np.std(self.per_seed)), 3))


Row = Mapping[int, Cell]
"""Labels per class -> accuracies."""
Table = Mapping[str, Row]


@cache
def digits() -> tuple[FloatArray, IntArray]:
    """The 1797 images of scikit-learn's digits, as (n, 64) intensities from 0 to 16, and their classes."""
    points, labels = load_digits(return_X_y=True)
    return points.astype(np.float64), labels.astype(np.int64)


@cache
def similarity_of(neighbours: int, local_scale_neighbour: int) -> FloatArray:
    """S of the digits, dense."""
    config = GraphConfig(neighbours, local_scale_neighbour)
    return kiln.normalised(kiln.affinity(digits()[0], config))


@cache
def eigenvectors_of(neighbours: int, local_scale_neighbour: int) -> FloatArray:
    """The eigenvectors of S."""
    return kiln.eigenvectors(similarity_of(neighbours, local_scale_neighbour))


@cache
def kernel_of(neighbours: int, local_scale_neighbour: int) -> FloatArray:
    """The kernel of label spreading on S."""
    return kiln.spreading_kernel(similarity_of(neighbours, local_scale_neighbour), KilnConfig().spreading)


@cache
def graph_of(config: GraphConfig) -> Graph:
    """The graph of the digits: ``kiln.build_graph``, with what configurations share made once."""
    key = (config.neighbours, config.local_scale_neighbour)
    return Graph(csr_matrix(similarity_of(*key)), kiln.embed(eigenvectors_of(*key), config), kernel_of(*key))


def draw_labelled(per_class: int, seed: int) -> IntArray:
    """The first points of each class in a random permutation of all points (Section 3)."""
    labels = digits()[1]
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.concatenate([order[labels[order] == c][:per_class] for c in range(CLASSES)])


def accuracy(predicted: IntArray, labelled: IntArray) -> float:
    """Percent of the unlabelled points that are right."""
    correct = predicted == digits()[1]
    return round(float(100 * np.delete(correct, labelled).mean()), 3)


def by_nearest_neighbour(labelled: IntArray) -> IntArray:
    """The baseline 1-NN, in the embedding of Eq. 3."""
    return kiln.nearest_neighbour(graph_of(GRAPH).embedding, digits()[1], labelled)


def by_nearest_pixels(labelled: IntArray) -> IntArray:
    """The other reading of the baseline 1-NN: the distance of the images' grey values."""
    return kiln.nearest_neighbour(*digits(), labelled)


def by_spreading(labelled: IntArray, *, class_mass: bool) -> IntArray:
    """The baselines of label spreading."""
    labels = kiln.known(digits()[1], labelled, CLASSES)
    kernel = kernel_of(BASELINE_GRAPH.neighbours, BASELINE_GRAPH.local_scale_neighbour)
    scores = kiln.spread(kernel, labels, class_mass=class_mass)
    return np.asarray(scores.argmax(1))


def by_kiln(graph: GraphConfig = GRAPH, **changes: float | bool) -> Predictor:
    """Kiln, with what an ablation changes."""
    config = replace(KilnConfig(), **changes)  # type: ignore[arg-type]

    def predict(labelled: IntArray) -> IntArray:
        labels = kiln.known(digits()[1], labelled, CLASSES)
        return np.asarray(kiln.fire(graph_of(graph), labels, config).argmax(1))

    return predict


RESULTS_TABLE: Mapping[str, Predictor] = {
    "Nearest labelled neighbour": by_nearest_neighbour,
    "Label spreading": lambda labelled: by_spreading(labelled, class_mass=False),
    "Label spreading, class mass": lambda labelled: by_spreading(labelled, class_mass=True),
    "Kiln": by_kiln(),
}
"""Table 2."""

ABLATION_TABLE: Mapping[str, Predictor] = {
    "Kiln": by_kiln(),
    "no neighbours": by_kiln(coupling=0.0),
    "no prototypes": by_kiln(attraction=0.0),
    "frozen prototypes": by_kiln(update_prototypes=False),
    "no annealing": by_kiln(start_temperature=0.3),
    "no balancing": by_kiln(sweeps=0),
    "cold start": by_kiln(spread_start=False),
}
"""Table 3."""

SENSITIVITY_TABLE: Mapping[str, Predictor] = {
    "r = 10": by_kiln(replace(GRAPH, rank=10)),
    "r = 15": by_kiln(replace(GRAPH, rank=15)),
    "r = 30": by_kiln(replace(GRAPH, rank=30)),
    "beta = 0.1": by_kiln(attraction=0.1),
    "beta = 0.3": by_kiln(attraction=0.3),
    "tau = 20": by_kiln(steps=20),
    "tau = 80": by_kiln(steps=80),
}
"""Table 4."""

DETAILS_TABLE: Mapping[str, Predictor] = {
    "rows of the embedding left as they are": by_kiln(replace(GRAPH, unit_rows=False)),
    "one balancing sweep": by_kiln(sweeps=1),
}
"""Table 5, in the appendix: the two details that stand only there."""


def run_row(predict: Predictor, labels_per_class: Iterable[int], seeds: Iterable[int]) -> Row:
    """One line of a table."""
    seeds = tuple(seeds)
    draws = {per_class: [draw_labelled(per_class, seed) for seed in seeds] for per_class in labels_per_class}
    return {per_class: Cell(tuple(accuracy(predict(d), d) for d in drawn)) for per_class, drawn in draws.items()}


def run_table(rows: Mapping[str, Predictor], labels_per_class: Iterable[int], seeds: Iterable[int]) -> Table:
    """All lines of a table."""
    labels_per_class, seeds = tuple(labels_per_class), tuple(seeds)
    return {name: run_row(predict, labels_per_class, seeds) for name, predict in rows.items()}


def paper_tables(seeds: Iterable[int] = SEEDS) -> Mapping[str, Table]:
    """Tables 2 to 5."""
    seeds = tuple(seeds)
    return {
        "results": run_table(RESULTS_TABLE, LABELS_PER_CLASS, seeds),
        "ablation": run_table(ABLATION_TABLE, ABLATION_LABELS, seeds),
        "sensitivity": run_table(SENSITIVITY_TABLE, SENSITIVITY_LABELS, seeds),
        "details": run_table(DETAILS_TABLE, ABLATION_LABELS, seeds),
    }


def means(table: Table) -> dict[str, dict[str, float]]:
    """The means of a table alone."""
    return {name: {str(key): cell.mean for key, cell in row.items()} for name, row in table.items()}


def spread_of_means() -> list[dict[str, dict[str, float]]]:
    """Table 2's means for each of the other sets of seeds."""
    return [means(run_table(RESULTS_TABLE, LABELS_PER_CLASS, seeds)) for seeds in SPREAD_SEEDS]


def tolerance(spread: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Points a repository may be off in a cell of Table 2: 1.5, or the range over the seed sets where that is more."""
    first = spread[0]
    return {
        name: {key: max(1.5, round(float(np.ptp([s[name][key] for s in spread])), 1)) for key in row}
        for name, row in first.items()
    }


def one_label() -> dict[str, float]:
    """Kiln with one label per class over many draws: the limitation that Section 3 reports."""
    scores = run_row(by_kiln(), (1,), ONE_LABEL_SEEDS)[1].per_seed
    failed = sum(score < 90 for score in scores)
    return {"median": round(float(np.median(scores)), 3), "minimum": min(scores), "below_90": failed}


def wins(results: Table, over: str) -> dict[str, int]:
    """Draws in which Kiln is strictly better than another line of Table 2."""
    return {
        str(key): sum(a > b for a, b in zip(cell.per_seed, results[over][key].per_seed, strict=True))
        for key, cell in results["Kiln"].items()
    }


def serialise(table: Table) -> dict[str, dict[int, dict[str, object]]]:
    """A table as JSON's types."""
    return {name: {key: asdict(cell) for key, cell in row.items()} for name, row in table.items()}


def main() -> None:
    """Run everything and write the results."""
    began = process_time()
    tables, failures = paper_tables(), one_label()
    seconds = process_time() - began
    spread = spread_of_means()
    results = {
        "protocol": {"seeds": list(SEEDS), "labels_per_class": list(LABELS_PER_CLASS), "std": "population"},
        "config": {"kiln": asdict(KilnConfig()), "graph": asdict(GRAPH), "baseline_graph": asdict(BASELINE_GRAPH)},
        "tables": {name: serialise(table) for name, table in tables.items()},
        "one_label": failures,
        "wins_over_class_mass": wins(tables["results"], "Label spreading, class mass"),
        "spread": {"seed_sets": [list(s) for s in SPREAD_SEEDS], "means": spread},
        "tolerance": tolerance(spread),
        "ambiguity": {
            "own neighbour": means(run_table({"Kiln": by_kiln(AMBIGUOUS_GRAPH)}, LABELS_PER_CLASS, SEEDS))["Kiln"],
            "nearest pixels": means(run_table({"1-NN": by_nearest_pixels}, LABELS_PER_CLASS, SEEDS))["1-NN"],
        },
        "seconds_on_one_core": round(seconds, 1),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
