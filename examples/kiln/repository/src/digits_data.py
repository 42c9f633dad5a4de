"""The digits, their synthetic twin, and the draws of labelled points ([3¶1])."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits


@dataclass(frozen=True)
class Digits:
    """points: float64 (n, features), raw grey values; labels: int64 (n,) in 0..classes - 1."""

    points: np.ndarray
    labels: np.ndarray
    classes: int


@dataclass(frozen=True)
class LabelDraw:
    """Which points are labelled: sorted indices (C l,), their classes, and the sorted other indices (n - C l,)."""

    seed: int
    labelled: np.ndarray
    labelled_classes: np.ndarray
    unlabelled: np.ndarray


def load_digits_data(config: dict) -> Digits:
    """The digits of scikit-learn [3¶1], points (n, features), or their synthetic twin where it is configured."""
    settings = config["data"]
    if settings["synthetic"]:
        return build_synthetic_twin(config)

    # R32: the digits that ship with scikit-learn, 8 x 8 grey values flattened [3¶1]
    bunch = load_digits()
    # R33: the values are used as they are, without any scaling [3¶1]
    points = np.asarray(bunch.data, dtype=np.float64)
    labels = np.asarray(bunch.target, dtype=np.int64)

    shape = (settings["points"], settings["features"])
    if points.shape != shape:
        raise ValueError(f"the digits have the shape {points.shape}, the configuration says {shape}")
    if points.min() != 0.0 or points.max() != settings["maximum"]:
        raise ValueError(
            f"grey values run from {points.min()} to {points.max()}, the configuration says 0 to {settings['maximum']}"
        )
    found = np.unique(labels)
    if not np.array_equal(found, np.arange(settings["classes"])):
        raise ValueError(f"the classes are {found.tolist()}, the configuration says {settings['classes']} classes")
    return Digits(points=points, labels=labels, classes=settings["classes"])


def build_synthetic_twin(config: dict) -> Digits:
    """A small stand-in for the digits: same features, value range and classes, one cluster for each class.

    Its points (n, features) are integers in 0..maximum; no number of the paper is measured on it.
    """
    settings = config["data"]
    generator = np.random.default_rng(settings["synthetic_seed"])
    labels = generator.permutation(np.arange(settings["synthetic_points"]) % settings["classes"]).astype(np.int64)
    centres = generator.uniform(0.0, settings["maximum"], size=(settings["classes"], settings["features"]))
    noise = generator.normal(0.0, settings["synthetic_noise"], size=(len(labels), settings["features"]))
    points = np.clip(np.rint(centres[labels] + noise), 0.0, settings["maximum"])
    return Digits(points=points, labels=labels, classes=settings["classes"])


def draw_labels(labels: np.ndarray, classes: int, per_class: int, seed: int) -> LabelDraw:
    """Label the first per_class points of each class in the seed's permutation of all n points [3¶1]."""
    if per_class < 1:
        raise ValueError(f"{per_class} labels per class; at least one is needed")
    # R34: one permutation of all n points by default_rng(s); the first l points of each class in it [3¶1]
    order = np.random.default_rng(seed).permutation(len(labels))
    chosen = []
    for label in range(classes):
        members = order[labels[order] == label]
        if len(members) < per_class:
            raise ValueError(f"class {label} has {len(members)} points, {per_class} are to be labelled")
        chosen.append(members[:per_class])

    labelled = np.sort(np.concatenate(chosen))
    unlabelled = np.setdiff1d(np.arange(len(labels)), labelled)
    return LabelDraw(seed=seed, labelled=labelled, labelled_classes=labels[labelled], unlabelled=unlabelled)
