"""An evaluation: what all judges say of a repository, whether they can be trusted, and what it took."""

from collections.abc import Iterator

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.calibration import Agreement, Calibration, Contender
from papercoder.artifacts.evaluation import CritiqueScore
from papercoder.artifacts.rubric import Rubric, RubricScore


class Costs(Artifact):
    """What judging took, over all processes that worked on it."""

    calls: int
    prompt: int
    """Tokens; `cached` are part of them."""

    cached: int
    completion: int
    cost_usd: float
    unpriced: int
    """Calls whose price is not known; `cost_usd` is without them."""

    seconds: float


class Evaluation(Artifact):
    """What judges say of a repository."""

    paper: str
    """Its title."""

    repository: str
    """Where it was."""

    files: int
    """Files of the repository."""

    model: str
    """The judges'."""

    scores: tuple[CritiqueScore, ...] = ()
    """One for each judge by critique."""

    rubric: RubricScore | None = None
    """None where no rubric was given."""

    tree: Rubric | None = None
    """The rubric as it was judged; without it one could not say what a leaf asks for."""

    calibration: Calibration | None = None
    """None where it was not asked for."""

    agreement: Agreement | None = None
    """None where no labels were given."""

    costs: Costs

    @property
    def by_code(self) -> dict[Contender, RubricScore]:
        """What the rubric's leaves of code come to, of the repository and of each control; empty without both."""
        controls = self.calibration.controls if self.calibration else ()
        held: dict[Contender, RubricScore] = {each.control: each.rubric for each in controls if each.rubric}
        if not held or self.rubric is None or self.rubric.code_dev is None:
            return {}
        code = {leaf.leaf for score in held.values() for leaf in score.leaves}
        leaves = tuple(leaf for leaf in self.rubric.leaves if leaf.leaf in code)
        own = RubricScore(score=self.rubric.code_dev, code_dev=self.rubric.code_dev, leaves=leaves)
        return {"repository": own, **held}

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """Why it is not what was asked for, in words: judges that are unfit or said nothing; empty where it is."""
        return tuple(self._shortcomings())

    def _shortcomings(self) -> Iterator[str]:
        if self.calibration:
            yield from (f"the judge {name} is unfit" for name in self.calibration.unfit)
            yield from (f"the controls show nothing of the judge {name}" for name in self.calibration.not_shown)
        yield from (f"the judge {each.judge} gave no valid sample" for each in self.scores if not each.score)
        if self.rubric and self.rubric.leaves and all(leaf.invalid for leaf in self.rubric.leaves):
            yield "no leaf of the rubric was judged validly"
