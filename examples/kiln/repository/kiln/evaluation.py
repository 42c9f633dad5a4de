"""Accuracy, the time of a draw and the selection of the baselines' setting ([3¶1], [3¶2], [3¶4])."""

from collections.abc import Callable
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from kiln.data import Digits, draw_labels
from kiln.graph import normalised_graph
from kiln.spreading import label_matrix, spreading_scores
from trials import Progress


def accuracy(predicted: np.ndarray, y: np.ndarray, labelled: np.ndarray) -> float:
    """Accuracy in percent on the unlabelled points ([3¶1]).

    predicted, y: (n,) classes of all points; labelled: indices that are left out.
    """
    # R30: exactly the n - C l unlabelled points are measured
    unlabelled = np.ones(len(y), dtype=bool)
    unlabelled[labelled] = False
    if not unlabelled.any():
        raise ValueError("all points are labelled, there is nothing to measure")
    return float(100 * np.mean(predicted[unlabelled] == y[unlabelled]))


def timed_draw(draw: Callable[[], np.ndarray], threads: int) -> tuple[np.ndarray, float]:
    """The result of draw() and its time in seconds on so many threads ([3¶4])."""
    # R58 (assumed): draw is the start with its linear solve and the annealing, for a given graph and embedding
    with threadpool_limits(limits=threads):
        # R47: the time of one draw once the graph is built
        begin = perf_counter()
        predicted = draw()
        seconds = perf_counter() - begin
    return predicted, seconds


def select_setting(
    digits: Digits, classify: Callable[[np.ndarray], np.ndarray], config: dict, progress: Progress
) -> dict[str, float]:
    """The best k and α of label spreading on the selection draws, and its mean accuracy in percent ([3¶2]).

    classify: from scores Z, (n, C), to predicted classes, (n,).
    """
    settings = config["evaluation"]
    seeds = range(settings["selection_first_seed"], settings["selection_last_seed"] + 1)
    draws = [
        draw_labels(digits.y, digits.classes, per_class, seed)
        for per_class in settings["selection_labels_per_class"]
        for seed in seeds
    ]
    # The label matrices of all draws side by side need one linear solve for each setting.
    Y = np.hstack([label_matrix(digits.y, labelled, digits.classes) for labelled in draws])

    # R38: search the grid of k and alpha on the selection seeds
    total = len(settings["selection_neighbours"]) * len(settings["selection_alphas"])
    results = []
    for neighbours in settings["selection_neighbours"]:
        S = normalised_graph(digits.x, neighbours, config["model"]["scale_neighbour"])
        for alpha in settings["selection_alphas"]:
            scores = np.hsplit(spreading_scores(S, Y, alpha), len(draws))
            # R57 (assumed): the mean over all selection seeds and numbers of labels decides
            mean = float(
                np.mean([accuracy(classify(Z), digits.y, labelled) for Z, labelled in zip(scores, draws, strict=True)])
            )
            results.append((mean, neighbours, alpha))
            progress(len(results) / total, accuracy=mean)
    best, neighbours, alpha = max(results, key=lambda result: result[0])
    return {"selected k": float(neighbours), "selected α": float(alpha), "accuracy": best}
