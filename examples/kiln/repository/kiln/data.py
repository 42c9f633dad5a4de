"""The digits of scikit-learn and the label draws [3¶1]."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sklearn.datasets import load_digits


@dataclass(frozen=True, eq=False)
class Digits:
    """Images as rows `x` (n, features), their classes `y` (n,) in 0..C-1, and C. Hashable by identity for caches."""

    x: np.ndarray
    y: np.ndarray
    n_classes: int


@dataclass(frozen=True, eq=False)
class Draw:
    """One label draw: sorted indices `labelled` with their classes `labels`, and the sorted rest `unlabelled`."""

    labelled: np.ndarray
    labels: np.ndarray
    unlabelled: np.ndarray


@lru_cache(maxsize=None)
def load_digits_data(n_samples: int, n_classes: int, n_features: int, max_value: float, dtype: str) -> Digits:
    """Return the first `n_samples` digits, x (n_samples, n_features) and y (n_samples,) [3¶1].

    The data are in an installed package, so they are the same with and without `data.synthetic`.
    """
    # R31: the digits that ship with scikit-learn [3¶1]
    bunch = load_digits()
    if len(bunch.data) < n_samples:
        raise ValueError(f"load_digits has {len(bunch.data)} images, but data.n_samples is {n_samples}")
    # R32: the values as they are, without scaling or centring [3¶1]
    x = bunch.data[:n_samples].astype(dtype)
    y = bunch.target[:n_samples].astype(np.int64)
    if x.shape[1] != n_features:
        raise ValueError(f"images have {x.shape[1]} values, but data.n_features is {n_features}")
    if not np.array_equal(np.unique(y), np.arange(n_classes)):
        raise ValueError(f"the classes are {np.unique(y).tolist()}, but data.n_classes is {n_classes}")
    if x.min() < 0 or x.max() > max_value:
        raise ValueError(f"values lie in [{x.min()}, {x.max()}], not in [0, {max_value}]")
    # The arrays are shared by all trials of a process.
    x.setflags(write=False)
    y.setflags(write=False)
    return Digits(x=x, y=y, n_classes=n_classes)


def draw_labels(y: np.ndarray, n_classes: int, per_class: int, seed: int) -> Draw:
    """Label `per_class` points of each class of y (n,) for the seed; the rest is unlabelled [3¶1]."""
    # R33: the first points of each class in the order of a permutation of all n points [3¶1]
    order = np.random.default_rng(seed).permutation(len(y))
    chosen = []
    for c in range(n_classes):
        members = order[y[order] == c]
        if len(members) < per_class:
            raise ValueError(f"class {c} has {len(members)} points, fewer than the {per_class} to be labelled")
        chosen.append(members[:per_class])
    # Sorted storage lets an argmin over labelled points resolve ties by index.
    labelled = np.sort(np.concatenate(chosen))
    rest = np.ones(len(y), dtype=bool)
    rest[labelled] = False
    return Draw(labelled=labelled, labels=y[labelled], unlabelled=np.flatnonzero(rest))
