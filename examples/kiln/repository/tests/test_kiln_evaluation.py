import numpy as np
import pytest

from kiln.data import Draw
from kiln.evaluation import accuracy


def draw_of(y, labelled):
    labelled = np.array(labelled)
    return Draw(labelled=labelled, labels=y[labelled], unlabelled=np.setdiff1d(np.arange(len(y)), labelled))


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ([0, 0, 2, 2, 2, 1, 1], 40.0),  # right at 0 and 2 of the five unlabelled; wrong at both labelled
        ([1, 1, 0, 2, 0, 1, 2], 20.0),  # right at 6 only, and at both labelled
        ([1, 1, 0, 2, 0, 1, 1], 0.0),
    ],
)
def test_percentage_of_unlabelled_points(predicted, expected):
    # R34: percent of correct predictions on exactly the unlabelled points [3¶1]
    y = np.array([0, 1, 2, 1, 0, 2, 2])
    assert accuracy(np.array(predicted), y, draw_of(y, [1, 4])) == pytest.approx(expected, rel=1e-14)


def test_one_more_correct_point_is_a_win():
    # R43: draws are compared strictly, so 1701 beats 1700 of the 1777 points of a draw with l = 2 [3¶3]
    y = np.zeros(1797, dtype=int)
    draw = draw_of(y, range(20))
    first, second = (accuracy((np.arange(1797) >= 20 + right).astype(int), y, draw) for right in (1700, 1701))
    assert second > first
    assert (first, second) == pytest.approx((170000 / 1777, 170100 / 1777), rel=1e-14)
