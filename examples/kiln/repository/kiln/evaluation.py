"""What is measured in one draw: accuracy and time [3¶1, 3¶4]."""

import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from kiln.data import Draw


def accuracy(predicted: np.ndarray, y: np.ndarray, draw: Draw) -> float:
    """Percentage of correct classes among the unlabelled points; predicted and y are (n,) [3¶1]."""
    if not len(draw.unlabelled):
        raise ValueError("the draw has no unlabelled points")
    # R34: exactly the n - C l unlabelled points count [3¶1]
    correct = predicted[draw.unlabelled] == y[draw.unlabelled]
    # R43, R53: not rounded, because draws are compared one by one and counted below 90 % [3¶3, 3¶6]
    return 100.0 * float(np.mean(correct))


def timed(run: Callable[[], np.ndarray], threads: int) -> tuple[np.ndarray, float]:
    """Call `run` once on `threads` processor cores; return its result and the wall-clock seconds [3¶4]."""
    # R51: one processor core; what `run` does not do, such as building the graph, is not timed [3¶4]
    with threadpool_limits(limits=threads):
        begin = time.perf_counter()
        result = run()
        seconds = time.perf_counter() - begin
    return result, seconds
