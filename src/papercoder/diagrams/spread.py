"""Values in a row, each as near as can be to where it wants to be, in their order and far enough apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass
class _Pool:
    """Neighbours that had to move together."""

    weight: float
    total: float
    count: int

    @property
    def mean(self) -> float:
        return self.total / self.weight


def spread(wanted: Sequence[float], gaps: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The places nearest to those wanted (weighted least squares) with at least `gaps[i]` from place i to i + 1.

    With the gaps taken off, that is isotonic regression, solved by pooling neighbours that stand in the wrong order.
    """
    offsets = [0.0, *accumulate(gaps)] if wanted else []
    pools: list[_Pool] = []
    for place, offset, weight in zip(wanted, offsets, weights, strict=True):
        pools.append(_Pool(weight, (place - offset) * weight, 1))
        while len(pools) > 1 and pools[-2].mean > pools[-1].mean:
            last = pools.pop()
            pools[-1] = _Pool(
                pools[-1].weight + last.weight, pools[-1].total + last.total, pools[-1].count + last.count
            )
    means = [pool.mean for pool in pools for _ in range(pool.count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
