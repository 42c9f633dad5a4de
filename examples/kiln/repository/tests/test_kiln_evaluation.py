import numpy as np
import pytest

from kiln.data import Draw
from kiln.evaluation import accuracy, timed


def make_draw(y, labelled):
    labelled = np.array(labelled)
    unlabelled = np.setdiff1d(np.arange(len(y)), labelled)
    return Draw(labelled=labelled, labels=y[labelled], unlabelled=unlabelled)


Y = np.array([2, 0, 1, 1, 2, 0, 2, 1, 0, 2])


def test_percentage_of_the_unlabelled_points_counted_by_hand():
    # R34: points 1, 4 and 7 are labelled; of the other seven, 2 and 8 are wrong, so 5 of 7 are right [3¶1]
    predicted = Y.copy()
    predicted[[2, 8]] = [0, 1]
    assert accuracy(predicted, Y, make_draw(Y, [1, 4, 7])) == pytest.approx(500 / 7, rel=1e-14)


def test_labelled_points_do_not_count():
    # R34: wrong classes at labelled points change nothing, right ones do not help [3¶1]
    draw = make_draw(Y, [1, 4, 7])
    predicted = Y.copy()
    predicted[[0, 3, 9]] = [1, 0, 1]
    expected = 400 / 7
    assert accuracy(predicted, Y, draw) == pytest.approx(expected, rel=1e-14)
    predicted[[1, 4, 7]] = [2, 1, 0]
    assert accuracy(predicted, Y, draw) == pytest.approx(expected, rel=1e-14)


def test_all_right_and_all_wrong():
    # R34: the unit is percent, from 0 to 100 [3¶1]
    draw = make_draw(Y, [0, 5])
    assert accuracy(Y, Y, draw) == 100.0
    assert accuracy((Y + 1) % 3, Y, draw) == 0.0


def test_a_class_that_is_never_predicted_counts_by_its_points():
    # R34: the mean runs over points, not over classes: six of ten are not in class 2, of eight unlabelled five [3¶1]
    draw = make_draw(Y, [1, 6])
    predicted = np.where(Y == 2, 0, Y)
    assert accuracy(predicted, Y, draw) == pytest.approx(100 * 5 / 8, rel=1e-14)


def test_without_unlabelled_points_there_is_no_accuracy():
    # R34: the accuracy is defined on the unlabelled points only [3¶1]
    with pytest.raises(ValueError):
        accuracy(Y, Y, make_draw(Y, range(len(Y))))
    # With a single unlabelled point, that point alone decides.
    draw = make_draw(Y, [0, 1, 2, 3, 4, 5, 6, 8, 9])
    predicted = (Y + 1) % 3
    assert accuracy(predicted, Y, draw) == 0.0
    predicted[7] = Y[7]
    assert accuracy(predicted, Y, draw) == 100.0


def test_one_point_more_is_a_strictly_higher_accuracy():
    # R43: draws are compared one by one, so 1701 of 1777 right must beat 1700 of 1777 [3¶3]
    y = np.arange(1797) % 10
    draw = make_draw(y, range(20))
    values = []
    for right in (1700, 1701):
        predicted = (y + 1) % 10
        predicted[20 : 20 + right] = y[20 : 20 + right]
        values.append(accuracy(predicted, y, draw))
        assert values[-1] == pytest.approx(100 * right / 1777, rel=1e-14)
    assert values[1] > values[0]


def test_equal_numbers_of_errors_are_no_win():
    # R43: the same number of right points at other places gives exactly the same accuracy [3¶3]
    draw = make_draw(Y, [1, 4, 7])
    first, second = Y.copy(), Y.copy()
    first[[0, 2]] = [1, 2]
    second[[8, 9]] = [1, 0]
    assert accuracy(first, Y, draw) == accuracy(second, Y, draw)
    # Both have 5 of 7 right; one more error makes the other one win.
    assert accuracy(first, Y, draw) == pytest.approx(500 / 7, rel=1e-14)
    second[3] = 0
    assert accuracy(second, Y, draw) == pytest.approx(400 / 7, rel=1e-14)
    assert accuracy(first, Y, draw) > accuracy(second, Y, draw)


def test_time_is_what_passes_during_the_call(monkeypatch):
    # R51: the clock reads 12.5 before and 15.75 after the call, so it took 3.25 seconds [3¶4]
    clock = iter([12.5, 15.75])
    monkeypatch.setattr("kiln.evaluation.time.perf_counter", lambda: next(clock))
    result, seconds = timed(lambda: Y, 1)
    assert result is Y
    assert seconds == 3.25
