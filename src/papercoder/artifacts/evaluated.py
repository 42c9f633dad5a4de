"""An evaluation: the judges' scores of a repository, their calibration, and the cost."""

from collections.abc import Iterator

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.calibration import Agreement, Calibration, Contender
from papercoder.artifacts.evaluation import CritiqueScore
from papercoder.artifacts.rubric import Rubric, RubricScore


class Costs(Artifact):
    """The cost of judging, over all processes."""

    calls: int
    prompt: int
    """Tokens; `cached` are part of them."""

    cached: int
    completion: int
    cost_usd: float
    unpriced: int
    """Calls with an unknown price; `cost_usd` does not include them."""

    seconds: float


class Evaluation(Artifact):
    """The judges' scores of a repository."""

    paper: str
    """Its title."""

    repository: str
    """Its path."""

    files: int
    """The number of files in the repository."""

    model: str
    """The model of the judges."""

    scores: tuple[CritiqueScore, ...] = ()
    """One for each judge by critique."""

    rubric: RubricScore | None = None
    """None if no rubric was given."""

    tree: Rubric | None = None
    """The rubric as it was judged, which says what each leaf requires."""

    calibration: Calibration | None = None
    """None if it was not requested."""

    agreement: Agreement | None = None
    """None if no labels were given."""

    costs: Costs

    @property
    def by_code(self) -> dict[Contender, RubricScore]:
        """The rubric scores over Code Development, of the repository and of each control; empty without both."""
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
            yield from (f"the judge {name} is unreliable" for name in self.calibration.unfit)
            yield from (f"calibration of the judge {name} was inconclusive" for name in self.calibration.not_shown)
        yield from (f"the judge {each.judge} gave no valid sample" for each in self.scores if not each.score)
        if self.rubric and self.rubric.leaves and all(leaf.invalid for leaf in self.rubric.leaves):
            yield "no leaf of the rubric has a valid verdict"
