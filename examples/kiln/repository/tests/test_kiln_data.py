from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.datasets import load_digits

from kiln.data import draw_labels, load_digits_data

CONFIG = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))


def load(**changes):
    names = ("n_samples", "n_classes", "n_features", "max_value")
    settings = {name: CONFIG["data"][name] for name in names} | changes
    return load_digits_data(*(settings[name] for name in names), CONFIG["model"]["dtype"])


def test_all_digits_as_they_are():
    # R31: 1797 images of 64 values from 0 to 16, 10 classes of 174 to 183 images; R32: raw values [3¶1]
    digits = load()
    counts = np.bincount(digits.y)
    assert digits.x.shape == (1797, 64) and digits.n_classes == len(counts) == 10
    assert (digits.x.min(), digits.x.max(), counts.min(), counts.max()) == (0, 16, 174, 183)
    np.testing.assert_array_equal(digits.x, load_digits().data)
    np.testing.assert_array_equal(digits.y, load_digits().target)
    np.testing.assert_array_equal(load(n_samples=300).x, load_digits().data[:300])




@pytest.mark.parametrize("seed", [0, 3, 1000])
def test_first_points_of_each_class_in_the_permutation(seed):
    # R33: walk through the permutation of all points until each class has l = 2 labels [3¶1]
    y = np.array([2, 0, 1, 1, 0, 2, 0, 1, 2, 0, 1, 1, 0, 0])  # class 2 has three points
    for per_class in (2, 3):
        labelled = []
        for i in np.random.default_rng(seed).permutation(14):
            if sum(y[j] == y[i] for j in labelled) < per_class:
                labelled.append(i)
        draw = draw_labels(y, 3, per_class, seed)
        assert draw.labelled.tolist() == sorted(labelled)
        assert draw.labels.tolist() == [y[i] for i in sorted(labelled)]
        assert draw.unlabelled.tolist() == [i for i in range(14) if i not in labelled]
    with pytest.raises(ValueError):
        draw_labels(y, 3, 4, seed)
