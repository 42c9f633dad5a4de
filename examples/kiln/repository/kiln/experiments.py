"""All experiments of the paper as trials [3, tab:2 to tab:5]."""

from dataclasses import replace

import numpy as np

from kiln.baselines import nearest_labelled, predict_spreading, spread_scores
from kiln.data import Digits, Draw, draw_labels, load_digits_data
from kiln.evaluation import accuracy, timed
from kiln.graph import build_embedding, build_graph
from kiln.model import KilnSettings, ablation_settings, default_settings, run_kiln
from trials import Progress, Trial

NEAREST = "Nearest labelled neighbour"
SPREADING = "Label spreading"
SPREADING_MASS = "Label spreading, class mass"
KILN = "Kiln"
UNSCALED_ROWS = "rows of the embedding left as they are"
ONE_SWEEP = "one balancing sweep"
ALL_EXPERIMENTS = "all experiments"
DIGITS = "digits"
RUN_TIME = "run time"
SELECTION = "baseline selection"


def _dataset(labels: int) -> str:
    return f"{DIGITS}, ℓ = {labels}"


def _labels_of(dataset: str) -> int:
    return int(dataset.rsplit("=", 1)[1])


def _sensitivity_settings(config: dict) -> dict[str, KilnSettings]:
    """The rows of [tab:4]: one parameter is changed at a time."""
    base, experiment = default_settings(config), config["experiment"]
    # R54: r, beta and tau, all others as in Table 1 [tab:4]
    return {
        **{f"Kiln, r = {r}": replace(base, r=r) for r in experiment["sensitivity_r"]},
        **{f"Kiln, β = {beta}": replace(base, beta=beta) for beta in experiment["sensitivity_beta"]},
        **{f"Kiln, τ = {tau}": replace(base, tau=tau) for tau in experiment["sensitivity_tau"]},
    }


def _detail_settings(config: dict) -> dict[str, KilnSettings]:
    """The rows of [tab:5]."""
    base = default_settings(config)
    # R58: s_i = 1 with everything else unchanged, and one sweep instead of ten [tab:5]
    return {
        UNSCALED_ROWS: replace(base, unit_rows=False),
        ONE_SWEEP: replace(base, sweeps=config["experiment"]["detail_sweeps"]),
    }


def kiln_settings(config: dict) -> dict[str, KilnSettings]:
    """The settings of Kiln and of all its variants, by the names of the tables [tab:1, tab:3, tab:4, tab:5]."""
    return {
        KILN: default_settings(config),
        **ablation_settings(config),
        **_sensitivity_settings(config),
        **_detail_settings(config),
    }


def trials(config: dict) -> list[Trial]:
    """List every trial of the paper once."""
    experiment = config["experiment"]
    first = experiment["first_seed"]
    # R35: the seeds over which the runner summarises [3¶1]
    seeds = range(first, first + experiment["n_seeds"])
    result: list[Trial] = []

    def add(name: str, methods: list[str], datasets: list[str], of_seeds: range) -> None:
        result.extend(
            Trial(experiment=name, method=method, dataset=dataset, seed=seed)
            for dataset in datasets
            for method in methods
            for seed in of_seeds
        )

    main = [_dataset(labels) for labels in experiment["main_labels"]]
    # R44: four methods for each number of labels per class [tab:2]
    add("main comparison", [NEAREST, SPREADING, SPREADING_MASS, KILN], main, seeds)
    # R45: six variants; the row Kiln of the table is in the main comparison [tab:3]
    add("ablation", list(ablation_settings(config)), [_dataset(n) for n in experiment["ablation_labels"]], seeds)
    add("sensitivity", list(_sensitivity_settings(config)), [_dataset(experiment["sensitivity_labels"])], seeds)
    add(
        "implementation details",
        list(_detail_settings(config)),
        [_dataset(n) for n in experiment["detail_labels"]],
        seeds,
    )
    # R53: a single label per class, with more seeds [3¶6]
    one_label_seeds = range(first, first + experiment["one_label_n_seeds"])
    add("one label per class", [KILN], [_dataset(experiment["one_label"])], one_label_seeds)
    add(RUN_TIME, [KILN], [main[0], DIGITS], seeds)
    add(RUN_TIME, [ALL_EXPERIMENTS], [DIGITS], range(first, first + 1))
    selection = experiment["selection_first_seed"]
    add(SELECTION, [SPREADING], [DIGITS], range(selection, selection + 1))
    return result


def _load(config: dict) -> Digits:
    data = config["data"]
    return load_digits_data(
        data["n_samples"], data["n_classes"], data["n_features"], data["max_value"], config["model"]["dtype"]
    )


def _draw(data: Digits, labels: int, seed: int) -> Draw:
    # R36: a draw depends on the seed and the labels per class only, not on the method [3¶1]
    return draw_labels(data.y, data.n_classes, labels, seed)


def _predict(method: str, data: Digits, draw: Draw, config: dict) -> np.ndarray:
    """The classes (n,) that a method of the tables predicts."""
    if method == NEAREST:
        return nearest_labelled(data, draw)
    if method in (SPREADING, SPREADING_MASS):
        # R41: the baselines' own graph and damping [3¶2]
        graph = build_graph(data, config["evaluation"]["baseline_k"], config["model"]["scale_neighbour"])
        z = spread_scores(graph, [draw], data.n_classes, config["evaluation"]["baseline_alpha"])[0]
        return predict_spreading(z, use_class_mass=method == SPREADING_MASS)
    settings = kiln_settings(config)
    if method not in settings:
        raise ValueError(f"unknown method {method!r}")
    chosen = settings[method]
    graph = build_graph(data, chosen.k, chosen.scale_neighbour)
    e = build_embedding(graph, chosen.r, chosen.unit_rows)
    return run_kiln(graph, e, draw, data.n_classes, chosen)


def _measure_accuracy(trial: Trial, config: dict) -> float:
    data = _load(config)
    draw = _draw(data, _labels_of(trial.dataset), trial.seed)
    # R43: the accuracy of each draw, from which the runner counts wins [3¶3]
    return accuracy(_predict(trial.method, data, draw, config), data.y, draw)


def _measure_draw_time(trial: Trial, config: dict) -> float:
    """Seconds of a draw of Kiln, once graph and embedding are built [3¶4]."""
    data, settings = _load(config), default_settings(config)
    graph = build_graph(data, settings.k, settings.scale_neighbour)
    e = build_embedding(graph, settings.r, settings.unit_rows)
    # The paper's general statement names no number of labels: the mean over those of the main comparison.
    all_labels = config["experiment"]["main_labels"] if trial.dataset == DIGITS else [_labels_of(trial.dataset)]
    seconds = []
    for labels in all_labels:
        draw = _draw(data, labels, trial.seed)

        def run(draw: Draw = draw) -> np.ndarray:
            return run_kiln(graph, e, draw, data.n_classes, settings)

        # R51: one draw on one processor core [3¶4]
        seconds.append(timed(run, config["evaluation"]["threads"])[1])
    return float(np.mean(seconds))


def _measure_total_time(config: dict, progress: Progress) -> float:
    """Minutes that all trials with an accuracy take, graphs included; choosing parameters is not among them."""
    others = [trial for trial in trials(config) if trial.experiment not in (RUN_TIME, SELECTION)]
    # The time must not depend on what ran before in this process.
    for cached in (load_digits_data, build_graph, build_embedding):
        cached.cache_clear()

    def run() -> np.ndarray:
        values = []
        for done, other in enumerate(others, start=1):
            values.append(_measure_accuracy(other, config))
            progress(done / len(others), accuracy=values[-1])
        return np.array(values)

    # R51: all experiments on one processor core [3¶4]
    return timed(run, config["evaluation"]["threads"])[1] / 60


def _select_baseline(config: dict, progress: Progress) -> dict[str, float]:
    """The best k and alpha of the label spreading baselines on the seeds kept for it [3¶1, 3¶2]."""
    experiment, data = config["experiment"], _load(config)
    draws = [
        _draw(data, labels, seed)
        for labels in experiment["selection_labels"]
        for seed in range(experiment["selection_first_seed"], experiment["selection_last_seed"] + 1)
    ]
    grid = [(k, alpha) for k in experiment["selection_k"] for alpha in experiment["selection_alpha"]]
    best: dict[str, float] = {}
    for done, (k, alpha) in enumerate(grid, start=1):
        graph = build_graph(data, k, config["model"]["scale_neighbour"])
        scores = spread_scores(graph, draws, data.n_classes, alpha)
        # R42: mean over draws, labels per class and both baselines; the highest wins [3¶2]
        mean = float(
            np.mean(
                [
                    accuracy(predict_spreading(z, use_class_mass), data.y, draw)
                    for z, draw in zip(scores, draws, strict=True)
                    for use_class_mass in (False, True)
                ]
            )
        )
        if not best or mean > best["accuracy"]:
            best = {"k": float(k), "α": float(alpha), "accuracy": mean}
        progress(done / len(grid), accuracy=mean)
    return best


def run_trial(trial: Trial, config: dict, progress: Progress) -> dict[str, float]:
    """Run one trial from its data to its metrics: accuracy in percent, seconds per draw, minutes in total."""
    if trial.experiment == SELECTION:
        return _select_baseline(config, progress)
    if trial.experiment == RUN_TIME and trial.method == ALL_EXPERIMENTS:
        return {"total time": _measure_total_time(config, progress)}
    if trial.experiment == RUN_TIME:
        seconds = _measure_draw_time(trial, config)
        progress(1.0)
        return {"time per draw": seconds}
    value = _measure_accuracy(trial, config)
    progress(1.0, accuracy=value)
    return {"accuracy": value}
