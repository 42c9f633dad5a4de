"""Percentiles and growth."""

import math
from collections.abc import Sequence
from statistics import fmean


def percentile(values: Sequence[float], share: float) -> float:
    """The least of the values that this share of them, from 0 to 1, does not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values, no percentile")
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def growth(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent b of value = a * size^b, by least squares on the logarithms.

    Raises:
        ValueError: fewer than two sizes.
    """
    x, y = [math.log(size) for size in sizes], [math.log(value) for value in values]
    if len(set(x)) < 2:
        raise ValueError("growth needs two sizes")
    middle_x, middle_y = fmean(x), fmean(y)
    spread = sum((each - middle_x) ** 2 for each in x)
    return sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / spread
