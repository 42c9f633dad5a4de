"""The experiments of the paper on shared graphs and label draws ([3], [tab:2] to [tab:5])."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.sparse

from src.affinity_graph import build_graph, component_ids, embed, rank_neighbours
from src.baseline_methods import LabelSpreader, nearest_labelled
from src.digits_data import LabelDraw, draw_labels, load_digits_data
from src.kiln_model import Kiln, KilnParameters
from src.scoring import accuracy_percent, count_wins, result_row, summarise

log = logging.getLogger(__name__)

ACCURACY = "accuracy in percent on the unlabelled points"
WINS = "number of draws in which the accuracy is higher"
MEDIAN = "median accuracy in percent"
WORST = "worst accuracy in percent"

MAIN = "main comparison"
PAIRED = "draw-by-draw comparison"
ABLATION = "ablation"
SENSITIVITY = "sensitivity"
DETAILS = "implementation details"
SINGLE = "single label per class"

# The paper's claims by experiment, method and metric, and by the number of labels per class.
CLAIMS = {
    (MAIN, "Nearest labelled neighbour", ACCURACY): {"ℓ = 2": "C1", "ℓ = 5": "C2", "ℓ = 10": "C3"},
    (MAIN, "Label spreading", ACCURACY): {"ℓ = 2": "C4", "ℓ = 5": "C5", "ℓ = 10": "C6"},
    (MAIN, "Label spreading, class mass", ACCURACY): {"ℓ = 2": "C7", "ℓ = 5": "C8", "ℓ = 10": "C9"},
    (MAIN, "Kiln", ACCURACY): {"ℓ = 2": "C10", "ℓ = 5": "C11", "ℓ = 10": "C12"},
    (PAIRED, "Kiln against label spreading, class mass", WINS): {"ℓ = 2": "C13", "ℓ = 5": "C14", "ℓ = 10": "C15"},
    (ABLATION, "Kiln", ACCURACY): {"ℓ = 2": "C16", "ℓ = 5": "C17"},
    (ABLATION, "no neighbours", ACCURACY): {"ℓ = 2": "C18", "ℓ = 5": "C19"},
    (ABLATION, "no prototypes", ACCURACY): {"ℓ = 2": "C20", "ℓ = 5": "C21"},
    (ABLATION, "frozen prototypes", ACCURACY): {"ℓ = 2": "C22", "ℓ = 5": "C23"},
    (ABLATION, "no annealing", ACCURACY): {"ℓ = 2": "C24", "ℓ = 5": "C25"},
    (ABLATION, "no balancing", ACCURACY): {"ℓ = 2": "C26", "ℓ = 5": "C27"},
    (ABLATION, "cold start", ACCURACY): {"ℓ = 2": "C28", "ℓ = 5": "C29"},
    (SENSITIVITY, "Kiln, r = 10", ACCURACY): {"ℓ = 2": "C30"},
    (SENSITIVITY, "Kiln, r = 15", ACCURACY): {"ℓ = 2": "C31"},
    (SENSITIVITY, "Kiln, r = 30", ACCURACY): {"ℓ = 2": "C32"},
    (SENSITIVITY, "Kiln, β = 0.1", ACCURACY): {"ℓ = 2": "C33"},
    (SENSITIVITY, "Kiln, β = 0.3", ACCURACY): {"ℓ = 2": "C34"},
    (SENSITIVITY, "Kiln, τ = 20", ACCURACY): {"ℓ = 2": "C35"},
    (SENSITIVITY, "Kiln, τ = 80", ACCURACY): {"ℓ = 2": "C36"},
    (SINGLE, "Kiln", MEDIAN): {"ℓ = 1": "C37"},
    (SINGLE, "Kiln", "number of draws with accuracy below 90 %"): {"ℓ = 1": "C38"},
    (SINGLE, "Kiln", WORST): {"ℓ = 1": "C39"},
    (DETAILS, "rows of the embedding left as they are", ACCURACY): {"ℓ = 2": "C40", "ℓ = 5": "C41"},
    (DETAILS, "one balancing sweep", ACCURACY): {"ℓ = 2": "C42", "ℓ = 5": "C43"},
}


def _seeds(block: dict) -> list[int]:
    """The seeds from first_seed to last_seed of a block of the configuration, both included."""
    return list(range(block["first_seed"], block["last_seed"] + 1))


class Workbench:
    """Data, graphs, embeddings, factorisations and label draws, each made once and shared by all experiments."""

    def __init__(self, config: dict) -> None:
        """config: the whole configuration, as a nested dictionary."""
        self.config = config
        self.data = load_digits_data(config)
        self.ranking = rank_neighbours(self.data.points)
        # R26: the same values of Table 1 in all experiments, except for what a variant replaces [tab:1]
        self.parameters = KilnParameters.from_config(config)
        self._graphs: dict = {}
        self._components: dict = {}
        self._embeddings: dict = {}
        self._spreaders: dict = {}
        self._draws: dict = {}
        self._accuracies: dict = {}

    def graph(self, neighbours: int) -> scipy.sparse.csr_matrix:
        """S (n, n) of (1) and (2) with k = neighbours."""
        # R8: graph and embedding do not use labels and are computed once for all draws [2.1¶4]
        if neighbours not in self._graphs:
            scale_neighbour = self.config["model"]["scale_neighbour"]
            self._graphs[neighbours] = build_graph(self.ranking, neighbours, scale_neighbour)
        return self._graphs[neighbours]

    def embedding(self, neighbours: int, dimensions: int, unit_sphere: bool) -> np.ndarray:
        """The embedding (n, dimensions) of (3) on the graph with k = neighbours."""
        key = (neighbours, dimensions, unit_sphere)
        if key not in self._embeddings:
            self._embeddings[key] = embed(self.graph(neighbours), dimensions, unit_sphere)
        return self._embeddings[key]

    def spreader(self, neighbours: int, alpha: float) -> LabelSpreader:
        """Label spreading (11) with damping alpha on the graph with k = neighbours."""
        key = (neighbours, alpha)
        if key not in self._spreaders:
            self._spreaders[key] = LabelSpreader(self.graph(neighbours), alpha, self.data.classes)
        return self._spreaders[key]

    def draw(self, per_class: int, seed: int) -> LabelDraw:
        """The labelled points of a seed [3¶1]."""
        key = (per_class, seed)
        # R37: every method and variant gets the same draw for the same seed [3¶1]
        if key not in self._draws:
            self._draws[key] = draw_labels(self.data.labels, self.data.classes, per_class, seed)
        return self._draws[key]

    def kiln(self, parameters: KilnParameters) -> Kiln:
        """Kiln with the parameters, on the graph, embedding and start that they name."""
        neighbours = parameters.neighbours
        if neighbours not in self._components:
            self._components[neighbours] = component_ids(self.graph(neighbours))
        return Kiln(
            graph=self.graph(neighbours),
            embedding=self.embedding(neighbours, parameters.dimensions, parameters.unit_sphere),
            components=self._components[neighbours],
            spreader=self.spreader(neighbours, parameters.start_alpha),
            classes=self.data.classes,
            parameters=parameters,
        )

    def kiln_accuracies(self, parameters: KilnParameters, per_class: int, seeds: list[int]) -> list[float]:
        """Accuracy in percent of Kiln on the draw of each seed [3¶1]."""
        key = (parameters, per_class, tuple(seeds))
        if key not in self._accuracies:
            model = self.kiln(parameters)
            draws = [self.draw(per_class, seed) for seed in seeds]
            self._accuracies[key] = [self._accuracy(model.predict(draw), draw) for draw in draws]
        return list(self._accuracies[key])

    def spreading_accuracies(
        self, neighbours: int, alpha: float, class_mass: bool, per_class: int, seeds: list[int]
    ) -> list[float]:
        """Accuracy in percent of label spreading on the draw of each seed [3¶2]."""
        spreader = self.spreader(neighbours, alpha)
        draws = [self.draw(per_class, seed) for seed in seeds]
        return [self._accuracy(spreader.predict(draw, class_mass), draw) for draw in draws]

    def nearest_accuracies(self, per_class: int, seeds: list[int]) -> list[float]:
        """Accuracy in percent of the nearest labelled neighbour on the draw of each seed [3¶2]."""
        draws = [self.draw(per_class, seed) for seed in seeds]
        return [self._accuracy(nearest_labelled(self.ranking.squared_distances, draw), draw) for draw in draws]

    def row(
        self,
        experiment: str,
        method: str,
        metric: str,
        per_class: int | None,
        mean: float,
        std: float | None,
        seeds: int,
    ) -> dict:
        """A result row with its claim; the synthetic twin measures no claim of the paper."""
        synthetic = self.config["data"]["synthetic"]
        name = "synthetic twin of the digits" if synthetic else "digits of scikit-learn"
        condition = None if per_class is None else f"ℓ = {per_class}"
        claim = None if synthetic else CLAIMS.get((experiment, method, metric), {}).get(condition)
        dataset = name if condition is None else f"{name}, {condition}"
        return result_row(claim, experiment, method, dataset, metric, mean, std, seeds)

    def summary_row(
        self, experiment: str, method: str, per_class: int | None, values: list[float], metric: str = ACCURACY
    ) -> dict:
        """A row with mean and standard deviation of one value a draw."""
        mean, std = summarise(values, self.config["evaluation"]["std_ddof"])
        return self.row(experiment, method, metric, per_class, mean, std, len(values))

    def _accuracy(self, predicted: np.ndarray, draw: LabelDraw) -> float:
        return accuracy_percent(predicted, self.data.labels, draw)


def _run_main(bench: Workbench) -> list[dict]:
    """Table 2 and the wins draw by draw [tab:2, 3¶3]."""
    seeds = _seeds(bench.config["evaluation"])
    # R42: both label spreading baselines use the graph (1)-(2) with their own k and alpha [3¶2]
    baseline = bench.config["model"]["baseline"]
    rows = []
    # R45: four methods at each number of labels per class, over the draws (tab:2)
    for per_class in bench.config["experiment"]["main"]["labels_per_class"]:
        spreading = [
            bench.spreading_accuracies(baseline["neighbours"], baseline["alpha"], class_mass, per_class, seeds)
            for class_mass in (False, True)
        ]
        ours = bench.kiln_accuracies(bench.parameters, per_class, seeds)
        measured = {
            "Nearest labelled neighbour": bench.nearest_accuracies(per_class, seeds),
            "Label spreading": spreading[0],
            "Label spreading, class mass": spreading[1],
            "Kiln": ours,
        }
        rows += [bench.summary_row(MAIN, method, per_class, values) for method, values in measured.items()]
        wins = count_wins(ours, spreading[1])
        method = "Kiln against label spreading, class mass"
        rows.append(bench.row(PAIRED, method, WINS, per_class, wins, None, len(seeds)))
    return rows


def _run_variants(
    bench: Workbench, experiment: str, variants: dict[str, KilnParameters], labels_per_class: list[int]
) -> list[dict]:
    """A row for each variant and number of labels per class, over the reporting seeds."""
    seeds = _seeds(bench.config["evaluation"])
    return [
        bench.summary_row(experiment, method, per_class, bench.kiln_accuracies(parameters, per_class, seeds))
        for method, parameters in variants.items()
        for per_class in labels_per_class
    ]


def _run_ablation(bench: Workbench) -> list[dict]:
    """Table 3 [tab:3, 3¶5]."""
    settings = bench.config["experiment"]["ablation"]
    base = bench.parameters
    coldest = settings["no_annealing_temperature"]
    # R46: Kiln and six variants, one part changed at a time (tab:3)
    variants = {
        "Kiln": base,
        "no neighbours": replace(base, use_neighbours=False),
        "no prototypes": replace(base, beta=settings["no_prototypes_beta"]),  # R48: beta = 0 (tab:3)
        "frozen prototypes": replace(base, update_prototypes=False),
        # R50: T_1 = T_tau, all updates at the last temperature (tab:3)
        "no annealing": replace(base, first_temperature=coldest, last_temperature=coldest),
        "no balancing": replace(base, balance=False),
        "cold start": replace(base, cold_start=True),
    }
    return _run_variants(bench, ABLATION, variants, settings["labels_per_class"])


def _run_sensitivity(bench: Workbench) -> list[dict]:
    """Table 4 [tab:4]."""
    settings = bench.config["experiment"]["sensitivity"]
    base = bench.parameters
    # R55: one of r, beta and tau changed at a time, all others kept (tab:4)
    variants = {f"Kiln, r = {value}": replace(base, dimensions=value) for value in settings["dimensions"]}
    variants |= {f"Kiln, β = {value}": replace(base, beta=value) for value in settings["betas"]}
    variants |= {f"Kiln, τ = {value}": replace(base, temperatures=value) for value in settings["temperatures"]}
    return _run_variants(bench, SENSITIVITY, variants, [settings["labels_per_class"]])


def _run_implementation(bench: Workbench) -> list[dict]:
    """Table 5 [tab:5, app:A¶4]."""
    settings = bench.config["experiment"]["implementation"]
    base = bench.parameters
    # R59: the two implementation details, one at a time (tab:5)
    variants = {
        "rows of the embedding left as they are": replace(base, unit_sphere=settings["unit_sphere"]),
        "one balancing sweep": replace(base, sweeps=settings["sweeps"]),  # R61: a single sweep of (8) [app:A¶4]
    }
    return _run_variants(bench, DETAILS, variants, settings["labels_per_class"])


def _run_single_label(bench: Workbench) -> list[dict]:
    """A single label per class [3¶6]."""
    settings = bench.config["experiment"]["single_label"]
    seeds = _seeds(settings)
    per_class, threshold = settings["labels_per_class"], settings["threshold"]
    accuracies = bench.kiln_accuracies(bench.parameters, per_class, seeds)
    # R54: median, number of draws below the threshold, and worst accuracy over the seeds [3¶6]
    measured = {
        MEDIAN: float(np.median(accuracies)),
        f"number of draws with accuracy below {threshold} %": sum(1 for value in accuracies if value < threshold),
        WORST: min(accuracies),
    }
    return [
        bench.row(SINGLE, "Kiln", metric, per_class, value, None, len(seeds)) for metric, value in measured.items()
    ]


def _run_selection(bench: Workbench) -> list[dict]:
    """The choice of the baselines' k and alpha on seeds of its own [3¶1, 3¶2]."""
    settings = bench.config["experiment"]["selection"]
    # R38: parameters are chosen on separate seeds, never on the reporting ones [3¶1]
    seeds = _seeds(settings)
    metric = "accuracy in percent on the unlabelled points, mean over methods and numbers of labels"
    rows, best, chosen = [], -np.inf, None
    # R43: the best setting of the grid of k and alpha [3¶2]
    for neighbours, alpha in itertools.product(settings["neighbours"], settings["alphas"]):
        # R66: one setting for both label spreading baselines, whose accuracies are averaged
        accuracies = [
            bench.spreading_accuracies(neighbours, alpha, class_mass, per_class, seeds)
            for class_mass in (False, True)
            for per_class in settings["labels_per_class"]
        ]
        # R64: averaged over the numbers of labels per class, then over the selection seeds
        values = np.mean(accuracies, axis=0).tolist()
        method = f"Label spreading, both, k = {neighbours}, α = {alpha}"
        row = bench.summary_row("selection", method, None, values, metric)
        rows.append(row)
        if row["mean"] > best:
            best, chosen = row["mean"], (neighbours, alpha)
    if chosen is None:
        raise ValueError("the grid of experiment.selection is empty")
    for metric, value in zip(("selected k", "selected α"), chosen, strict=True):
        rows.append(bench.row("selection", "Label spreading, both", metric, None, value, None, len(seeds)))
    return rows


def _run_timing(bench: Workbench) -> list[dict]:
    """The time of one draw of Kiln once the graph is built [3¶4]."""
    per_class = bench.config["experiment"]["timing"]["labels_per_class"]
    # Graph and embedding are built before the clock starts.
    model = bench.kiln(bench.parameters)
    draws = [bench.draw(per_class, seed) for seed in _seeds(bench.config["evaluation"])]
    durations = []
    for draw in draws:
        # R52: wall-clock time of Kiln for one draw, without the graph and the embedding [3¶4]
        begin = time.perf_counter()
        # The whole linear solve of (11) belongs to the draw: its factorisation is not taken from the cache.
        model.spreader = LabelSpreader(model.graph, bench.parameters.start_alpha, model.classes)
        model.predict(draw)
        durations.append(time.perf_counter() - begin)
    return [bench.summary_row("timing", "Kiln", per_class, durations, "seconds for one draw")]


EXPERIMENTS: dict[str, Callable[[Workbench], list[dict]]] = {
    "main": _run_main,
    "ablation": _run_ablation,
    "sensitivity": _run_sensitivity,
    "implementation": _run_implementation,
    "single_label": _run_single_label,
    "selection": _run_selection,
    "timing": _run_timing,
}


def run_experiments(config: dict) -> list[dict]:
    """Run the experiments that experiment.run names, in its order, and return all rows of results.json."""
    names = config["experiment"]["run"]
    unknown = [name for name in names if name not in EXPERIMENTS]
    if unknown:
        raise ValueError(f"unknown experiments {unknown}; known are {list(EXPERIMENTS)}")
    bench = Workbench(config)
    rows = []
    for name in names:
        begin = time.perf_counter()
        rows += EXPERIMENTS[name](bench)
        log.info("experiment %s took %.1f s", name, time.perf_counter() - begin)
    return rows
