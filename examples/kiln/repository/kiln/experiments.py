"""The trials of all experiments and how one of them runs ([3])."""

from collections.abc import Iterable

from kiln.annealing import ablations, details, kiln, kiln_settings, sensitivity
from kiln.data import draw_labels, load
from kiln.evaluation import accuracy, select_setting, timed_draw
from kiln.graph import check_components, normalised_graph, spectral_embedding
from kiln.spreading import (
    label_matrix,
    label_spreading,
    label_spreading_class_mass,
    nearest_labelled,
    spreading_scores,
)
from trials import Progress, Trial

NEAREST = "Nearest labelled neighbour"
KILN = "Kiln"
SPREADING = {"Label spreading": label_spreading, "Label spreading, class mass": label_spreading_class_mass}
MAIN, SELECTION = "main comparison", "baseline selection"

NOT_MEASURED: dict[str, str] = {
    "C29": "The time of all experiments together spans all trials; each runs in a process of its own, loads the data "
    "and builds its graph again, so no trial measures it."
}


def _dataset(per_class: int) -> str:
    return f"digits, {per_class} label{'' if per_class == 1 else 's'} per class"


def _per_class(dataset: str) -> int:
    """The number of labels per class in a name that `_dataset` made."""
    return int(dataset.split()[1])


def trials(config: dict) -> list[Trial]:
    """All trials: [tab:2] to [tab:5], the single-label experiment of [3¶6] and the selection of [3¶2]."""
    settings = config["experiment"]
    # R31: the mean and population standard deviation that the runner computes are over these seeds
    seeds = range(settings["seeds"])
    result = []

    def add(experiment: str, methods: Iterable[str], labels_per_class: list[int], draws: range) -> None:
        for per_class in labels_per_class:
            for method in methods:
                result.extend(Trial(experiment, method, _dataset(per_class), seed) for seed in draws)

    # R40: Table 2, three baselines and Kiln
    # R39: Kiln and label spreading with class mass share their seeds, so that draws can be compared one by one
    # R60 (assumed): the runner counts a draw as won only if Kiln's accuracy is strictly higher
    add(MAIN, [NEAREST, *SPREADING, KILN], settings["main_labels_per_class"], seeds)
    # R41: Table 3, whose row Kiln is the one of the main comparison
    add("ablation", ablations(config), settings["ablation_labels_per_class"], seeds)
    # R50: Table 4, one parameter changed at a time
    add("sensitivity", sensitivity(config), settings["sensitivity_labels_per_class"], seeds)
    # R55: Table 5, one implementation detail changed at a time
    add("implementation details", details(config), settings["details_labels_per_class"], seeds)
    # R49: a single label per class, for the median, the worst and the draws below the threshold
    add("single label", [KILN], settings["single_label_labels_per_class"], range(settings["single_label_seeds"]))
    # R33: the selection has seeds of its own, apart from those above; one trial runs them all
    first = config["evaluation"]["selection_first_seed"]
    result.extend(Trial(SELECTION, method, "digits", first) for method in SPREADING)
    return result


def run_trial(trial: Trial, config: dict, progress: Progress) -> dict[str, float]:
    """Run one trial: accuracy in percent, time in seconds; for the selection the chosen setting."""
    digits = load(config)
    if trial.experiment == SELECTION:
        return select_setting(digits, SPREADING[trial.method], config, progress)

    scale_neighbour = config["model"]["scale_neighbour"]
    labelled = draw_labels(digits.y, digits.classes, _per_class(trial.dataset), trial.seed)
    Y = label_matrix(digits.y, labelled, digits.classes)
    metrics = {}
    if trial.method == NEAREST:
        predicted = nearest_labelled(digits.x, digits.y, labelled)
    elif trial.method in SPREADING:
        # R37: label spreading has a graph and a damping of its own
        S = normalised_graph(digits.x, config["baseline"]["neighbours"], scale_neighbour)
        predicted = SPREADING[trial.method](spreading_scores(S, Y, config["baseline"]["alpha"]))
    else:
        variants = {KILN: kiln_settings(config), **ablations(config), **sensitivity(config), **details(config)}
        settings = variants[trial.method]
        S = normalised_graph(digits.x, settings.neighbours, scale_neighbour)
        check_components(S, labelled)
        E = spectral_embedding(S, settings.dimensions, settings.unit_sphere)
        predicted, seconds = timed_draw(
            lambda: kiln(S, E, Y, labelled, settings), config["evaluation"]["timing_threads"]
        )
        if trial.experiment == MAIN:
            metrics["time per draw"] = seconds
    metrics["accuracy"] = accuracy(predicted, digits.y, labelled)
    progress(1.0, accuracy=metrics["accuracy"])
    return metrics
