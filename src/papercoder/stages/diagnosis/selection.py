"""Selection: whether a change that was tried becomes the repository's new reading.

Among many readings one fits by chance. A change is kept only if it brings a claim to `met`, makes none differ, and
moves what the gained claims measure by more than the noise between seeds; the test's level is divided by the number of
hypotheses that were tried (Bonferroni).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from scipy import stats

from papercoder.artifacts.diagnosis import ClaimChange

LEVEL = 0.05
"""The probability of calling noise a gain, over all hypotheses that were tried."""


@dataclass(frozen=True)
class Shift:
    """What the trials of one claim measured before and after a change, paired by seed."""

    claim: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    tolerance: float
    """The largest difference from the reported value that counts as met; the noise, if there is only one seed."""

    def exceeds_noise(self, level: float) -> bool:
        """Whether the change moved the measurements by more than the noise: a paired t-test over the seeds."""
        differences = [after - before for before, after in zip(self.before, self.after, strict=True)]
        if len(differences) < 2:
            return bool(differences) and abs(differences[0]) > self.tolerance
        centre, spread = mean(differences), stdev(differences)
        if spread == 0:
            return centre != 0
        statistic = abs(centre) / (spread / math.sqrt(len(differences)))
        return bool(2 * stats.t.sf(statistic, len(differences) - 1) < level)


@dataclass(frozen=True)
class Decision:
    """Whether a change is kept, and why."""

    keep: bool
    reason: str


def decide(changes: Sequence[ClaimChange], shifts: Sequence[Shift], tried: int) -> Decision:
    """Decide about a change.

    Args:
        changes: every claim that was measured before and after it.
        shifts: the measurements of the claims that it gains.
        tried: how many hypotheses were tried, this one included.
    """
    gained = [change.claim for change in changes if change.is_gain]
    lost = [change.claim for change in changes if change.is_loss]
    if not gained:
        moved = sum(change.measured_before != change.measured_after for change in changes)
        return Decision(False, f"It moves {moved} of {len(changes)} claims and brings none to met.")
    if lost:
        return Decision(False, f"It meets {', '.join(gained)}, but no longer {', '.join(lost)}.")
    noise = [shift.claim for shift in shifts if not shift.exceeds_noise(LEVEL / tried)]
    if noise:
        return Decision(False, f"The gain of {', '.join(noise)} does not exceed the noise between seeds.")
    unclear = [change.claim for change in changes if change.is_open]
    more = f"; more seeds must tell about {', '.join(unclear)}" if unclear else ""
    return Decision(True, f"It meets {', '.join(gained)} and loses no claim{more}.")
