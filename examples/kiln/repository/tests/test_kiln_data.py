from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.datasets import load_digits

from kiln.data import draw_labels, load_digits_data

CLASSES = np.array([2, 0, 1, 1, 2, 0, 0, 2, 1, 2, 2, 0, 1, 0, 2, 1, 2, 0, 1, 1, 0, 2, 1, 2])


def load(**changes):
    data = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    names = ("n_samples", "n_classes", "n_features", "max_value")
    arguments = {**{name: data["data"][name] for name in names}, "dtype": data["model"]["dtype"], **changes}
    return load_digits_data(**arguments)


def first_of_each_class(y, per_class, seed):
    """The draw in the words of the paper: walk through the permutation, take the first points of each class."""
    taken = {}
    for index in np.random.default_rng(seed).permutation(len(y)).tolist():
        members = taken.setdefault(int(y[index]), [])
        if len(members) < per_class:
            members.append(index)
    return sorted(index for members in taken.values() for index in members)


def test_all_digits_with_their_raw_values():
    # R31: n = 1797 images of 64 values from 0 to 16 in 10 classes of 174 to 183 images [3¶1]
    # R32: the values are used as they are [3¶1]
    digits = load()
    reference = load_digits()
    assert digits.x.shape == (1797, 64)
    assert digits.n_classes == 10
    assert (digits.x.min(), digits.x.max()) == (0, 16)
    assert np.array_equal(digits.x, reference.data)
    assert np.array_equal(digits.y, reference.target)
    sizes = np.bincount(digits.y)
    assert (len(sizes), sizes.min(), sizes.max()) == (10, 174, 183)


def test_smaller_numbers_are_the_first_images():
    # R31, R32: images and classes stay paired, and nothing is rescaled by the part that is loaded [3¶1]
    digits = load(n_samples=120)
    reference = load_digits()
    assert np.array_equal(digits.x, reference.data[:120])
    assert np.array_equal(digits.y, reference.target[:120])


@pytest.mark.parametrize(
    "changes",
    [{"n_samples": 1798}, {"n_features": 63}, {"n_features": 65}, {"n_classes": 9}, {"n_classes": 11}, {"max_value": 15}],
)
def test_other_data_than_the_papers_are_refused(changes):
    # R31: 1797 images of 64 values up to 16 in 10 classes, nothing else [3¶1]
    with pytest.raises(ValueError):
        load(**changes)
    # The paper's own numbers are accepted, and give the data as they are.
    digits = load()
    assert np.array_equal(digits.x, load_digits().data)
    assert np.array_equal(digits.y, load_digits().target)
    assert digits.n_classes == 10


@pytest.mark.parametrize("seed", [0, 1, 19, 1000])
@pytest.mark.parametrize("per_class", [1, 2, 5])
def test_draw_takes_the_first_points_of_each_class_in_the_permutation(seed, per_class):
    # R33: default_rng(s).permutation(n), the first l points of each class in that order [3¶1]
    draw = draw_labels(CLASSES, 3, per_class, seed)
    assert draw.labelled.tolist() == first_of_each_class(CLASSES, per_class, seed)
    assert draw.labels.tolist() == [int(CLASSES[index]) for index in draw.labelled]


def test_everything_else_is_unlabelled():
    # R33: exactly n - C l points are unlabelled, and none of them is labelled [3¶1]
    draw = draw_labels(CLASSES, 3, 4, 7)
    assert len(draw.unlabelled) == len(CLASSES) - 3 * 4
    assert np.bincount(draw.labels).tolist() == [4, 4, 4]
    expected = [index for index in range(len(CLASSES)) if index not in set(draw.labelled.tolist())]
    assert draw.unlabelled.tolist() == expected


def test_smaller_draws_are_nested_in_larger_ones():
    # R33: the same seed has the same order, whatever l is [3¶1]
    small = draw_labels(CLASSES, 3, 2, 11)
    large = draw_labels(CLASSES, 3, 5, 11)
    assert set(small.labelled.tolist()) < set(large.labelled.tolist())
    order = np.random.default_rng(11).permutation(len(CLASSES)).tolist()
    for c in range(3):
        members = [index for index in order if CLASSES[index] == c]
        assert set(small.labelled[small.labels == c].tolist()) == set(members[:2])
        assert set(large.labelled[large.labels == c].tolist()) == set(members[:5])
        assert set(members[5:]) < set(large.unlabelled.tolist()) < set(small.unlabelled.tolist())


def test_a_class_can_be_labelled_completely_but_not_beyond():
    # R33: the first l points of each class need l points in it [3¶1]
    y = np.array([1, 0, 1, 0, 1, 1])
    draw = draw_labels(y, 2, 2, 3)
    assert {1, 3} < set(draw.labelled.tolist())
    # Of the class 1, at points 0, 2, 4 and 5, the first two in the permutation are labelled, the others are not.
    ones = [index for index in np.random.default_rng(3).permutation(6).tolist() if index not in (1, 3)]
    assert draw.labelled.tolist() == sorted([1, 3, *ones[:2]])
    assert draw.labels.tolist() == [0 if index in (1, 3) else 1 for index in sorted([1, 3, *ones[:2]])]
    assert draw.unlabelled.tolist() == sorted(ones[2:])
    with pytest.raises(ValueError):
        draw_labels(y, 2, 3, 3)


def test_draw_on_the_digits():
    # R33: two labels per class of the 1797 digits leave 1777 unlabelled [3¶1]
    y = load().y
    draw = draw_labels(y, 10, 2, 0)
    assert draw.labelled.tolist() == first_of_each_class(y, 2, 0)
    assert len(draw.unlabelled) == 1777
