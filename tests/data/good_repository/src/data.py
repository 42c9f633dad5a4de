"""Points of two classes: loaded from a file, or their synthetic twin."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Points:
    """Features of shape (n, d) and labels of shape (n,), 0 or 1."""

    features: np.ndarray
    labels: np.ndarray

    @property
    def width(self) -> int:
        """The number of features."""
        return int(self.features.shape[1])

    def take(self, rows: np.ndarray) -> "Points":
        """Some of the points."""
        return Points(self.features[rows], self.labels[rows])


def load_split(settings: dict[str, Any], seed: int) -> tuple[Points, Points]:
    """Training and test points."""
    rng = np.random.default_rng(seed)
    if settings["synthetic"]:
        points = synthetic_twin(settings, rng)
    else:
        points = read_points(Path(settings["path"]))
    # R1: a random split with a fixed share of test points (3.1)
    order = rng.permutation(len(points.labels))
    held_out = round(len(order) * settings["test_fraction"])
    return points.take(order[held_out:]), points.take(order[:held_out])


def synthetic_twin(settings: dict[str, Any], rng: np.random.Generator) -> Points:
    """Two clouds, as many and as wide as the data of the paper."""
    labels = rng.integers(0, 2, settings["samples"])
    centres = np.where(labels[:, None] == 1, 1.0, -1.0)
    features = centres + settings["noise"] * rng.normal(size=(settings["samples"], settings["features"]))
    return Points(features, labels)


def read_points(path: Path) -> Points:
    """A table with the label in its last column."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; the README says where to get it.")
    table = np.loadtxt(path, delimiter=",")
    return Points(table[:, :-1], table[:, -1].astype(int))
