"""The digits, or a synthetic version of them, and the labelled points of a draw ([3¶1])."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits


@dataclass(frozen=True)
class Digits:
    """Points x, float64 (n, features); classes y, int64 (n,), from 0 to classes - 1."""

    x: np.ndarray
    y: np.ndarray
    classes: int


def load(config: dict) -> Digits:
    """Load the first `data.samples` digits of scikit-learn, or build the synthetic version ([3¶1])."""
    settings = config["data"]
    if settings["synthetic"]:
        return _synthetic(settings)
    # R27: the digits that ship with scikit-learn, in their stored order
    x, y = load_digits(return_X_y=True)
    if len(x) < settings["samples"]:
        raise ValueError(f"load_digits has {len(x)} points, data.samples asks for {settings['samples']}")
    # R28: the grey values are used as they are, without scaling
    x = x[: settings["samples"]].astype(np.float64)
    y = y[: settings["samples"]].astype(np.int64)
    if x.shape[1] != settings["features"]:
        raise ValueError(f"load_digits has {x.shape[1]} features, data.features is {settings['features']}")
    if not np.array_equal(np.unique(y), np.arange(settings["classes"])):
        raise ValueError(f"the labels are not the classes 0 to {settings['classes'] - 1} of data.classes")
    if x.min() < 0 or x.max() > settings["largest_value"]:
        raise ValueError(f"grey values are outside 0 to {settings['largest_value']} of data.largest_value")
    return Digits(x, y, settings["classes"])


def _synthetic(settings: dict) -> Digits:
    """Noisy copies of one random template per class, with the digits' features and values; not from the paper."""
    rng = np.random.default_rng(settings["synthetic_seed"])
    classes, features, largest = settings["classes"], settings["features"], settings["largest_value"]
    templates = rng.integers(0, largest + 1, (classes, features))
    n = min(settings["samples"], settings["synthetic_samples"])
    y = np.arange(n, dtype=np.int64) % classes
    noise = settings["synthetic_noise"] * rng.standard_normal((n, features))
    # Whole numbers keep the distances exact, as with the real grey values.
    x = np.clip(np.rint(templates[y] + noise), 0, largest)
    return Digits(x, y, classes)


def draw_labels(y: np.ndarray, classes: int, per_class: int, seed: int) -> np.ndarray:
    """Sorted indices, (classes * per_class,), of the points that the draw of this seed labels ([3¶1]).

    y: (n,) classes of all points.
    """
    # R32: the draw depends on these arguments alone, so that all methods see the same one
    # R29: the first points of each class in the order of default_rng(seed).permutation(n)
    order = np.random.default_rng(seed).permutation(len(y))
    labelled = []
    for c in range(classes):
        members = order[y[order] == c]
        if len(members) < per_class:
            raise ValueError(f"class {c} has {len(members)} points, {per_class} are to be labelled")
        labelled.append(members[:per_class])
    return np.sort(np.concatenate(labelled))
