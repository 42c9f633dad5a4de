"""A human evaluation: the blinded study, its key, what participants answer, and the results."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.evaluation import Interval

Part = Literal["data", "method", "evaluation"]
"""Of a paper, as in Paper2Code's human evaluation."""

Topic = Literal["you", "component", "repository", "ranking", "words"]


class Option(Artifact):
    """One answer that can be chosen."""

    value: str
    label: str
    score: float | None = None
    """Its place on the question's scale; None if it says nothing, such as "I cannot tell"."""


class Question(Artifact):
    """A question about one paper; the page and the check of the answers both follow it."""

    id: str
    topic: Topic
    text: str
    hint: str = ""
    options: tuple[Option, ...] = ()
    """Empty for free text, which may stay empty."""

    each: bool = False
    """Whether it is asked of each repository; its answers then have the keys `ID.REPOSITORY`."""

    part: Part | None = None
    anchor: str = ""
    """Where the paper says so."""

    def keys(self, repositories: tuple[str, ...]) -> tuple[str, ...]:
        """The keys of its answers."""
        return tuple(f"{self.id}.{name}" for name in repositories) if self.each else (self.id,)

    def score(self, value: str) -> float | None:
        """The place of an answer on the scale."""
        return next((option.score for option in self.options if option.value == value), None)


class LanguageSize(Artifact):
    """How much of a repository is in one language."""

    language: str
    files: int
    lines: int


class StudyRepository(Artifact):
    """A repository under its neutral name."""

    name: str
    languages: tuple[LanguageSize, ...]
    """The largest first."""

    @property
    def lines(self) -> int:
        """Lines of all files that are shown."""
        return sum(each.lines for each in self.languages)


class StudyPaper(Artifact):
    """A paper, its repositories, and what is asked about them."""

    id: str
    title: str
    repositories: tuple[StudyRepository, ...]
    questions: tuple[Question, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The neutral names of its repositories."""
        return tuple(each.name for each in self.repositories)

    @property
    def keys(self) -> dict[str, Question]:
        """The key of each answer and its question."""
        return {key: question for question in self.questions for key in question.keys(self.names)}

    @property
    def required(self) -> tuple[str, ...]:
        """The keys of the answers without which a questionnaire is incomplete."""
        return tuple(key for key, question in self.keys.items() if question.options)


class Study(Artifact):
    """What participants may know."""

    format: Literal[1] = 1
    id: str
    title: str
    introduction: str
    contact: str
    wait_for: int
    """Complete questionnaires needed before the key is opened."""

    key_sha256: str
    """Digest of `key.json`: shows afterwards that the key is the one of the beginning."""

    papers: tuple[StudyPaper, ...]

    def paper(self, name: str) -> StudyPaper | None:
        """The paper with this id."""
        return next((paper for paper in self.papers if paper.id == name), None)


class KeyEntry(Artifact):
    """Who made a repository, and how it was blinded."""

    paper: str
    repository: str
    maker: str
    source: str
    """Its folder."""

    evaluation: str = ""
    """The `evaluation.json` of `papercoder eval`, if one is given; it may be made later."""

    left_out: tuple[str, ...] = ()
    """Files that are not in the package."""

    changed: tuple[str, ...] = ()
    """Files with changed lines."""


class StudyKey(Artifact):
    """The makers behind the neutral names."""

    study: str
    salt: str
    """Random, so that nobody can find the makers by trying which key has the digest."""

    seed: int
    entries: tuple[KeyEntry, ...]

    def maker(self, paper: str, repository: str) -> str:
        """Who made a repository."""
        return next(each.maker for each in self.entries if (each.paper, each.repository) == (paper, repository))

    @property
    def makers(self) -> tuple[str, ...]:
        """All makers, in the manifest's order."""
        return tuple(dict.fromkeys(entry.maker for entry in self.entries))


AnswerText = Annotated[str, Field(max_length=10_000)]


class PaperAnswers(Artifact):
    """One person's answers about one paper."""

    paper: str = Field(max_length=100)
    seconds: float = Field(ge=0, le=1e7)
    """How long its questionnaire was visible."""

    answers: dict[str, AnswerText] = Field(max_length=2_000)
    """Key -> the value of an option, or free text."""


class AnswerFile(Artifact):
    """What the page saves and a participant sends back."""

    format: Literal[1]
    study: str = Field(max_length=100)
    participant: str = Field(min_length=1, max_length=80)
    consent: bool
    saved: str = Field(max_length=40)
    """ISO 8601, by the participant's clock."""

    papers: tuple[PaperAnswers, ...] = Field(max_length=200)


class Problem(Artifact):
    """Something about the answers that the results leave out or that weakens them."""

    kind: Literal["bad", "missing", "duplicate"]
    where: str
    """The file, the participant or the paper."""

    message: str


class MakerResult(Artifact):
    """What people say about the repositories of one maker; means are over participants."""

    maker: str
    papers: int
    ranked: int
    """Rankings that it is part of."""

    rank_score: Interval | None
    """Reversed rank: with k repositories, k for the first and 1 for the last; ties share the mean."""

    first: float | None
    """Share of the rankings in which nothing is better."""

    faithful: Interval | None
    """1 to 5."""

    use: Interval | None
    """0 to 1: would not use it, maybe, would use it."""

    easier: Interval | None
    """0 to 1: it makes a reproduction no easier, somewhat, much easier."""

    coverage: dict[Part, Interval]
    """Share of the components that are there, partly counting half."""


class PairResult(Artifact):
    """How often one maker is ranked above another, for the same paper and person."""

    winner: str
    loser: str
    wins: int
    losses: int
    ties: int
    rate: Interval | None
    """Share of `wins` in those that are not ties, with Wilson's 95 % interval."""

    p_value: float
    """Of the sign test, adjusted by Holm for the number of pairs."""


class AgreementResult(Artifact):
    """How far people agree."""

    measure: Literal["Kendall's W", "Krippendorff's alpha"]
    about: str
    people: int
    units: int
    value: float | None
    """None if fewer than two people answered the same, or nothing varies."""

    p_value: float | None = None


class CorrelationResult(Artifact):
    """How far a judge by model orders the repositories of a paper as people do."""

    judge: str
    repositories: int
    papers: int
    rho: float | None
    """Spearman's, of ranks within each paper; None if nothing varies."""

    p_value: float | None
    same_order: float | None
    """Share of the pairs that both order which they order equally."""


class RevealedRepository(Artifact):
    """The maker behind a neutral name."""

    paper: str
    repository: str
    maker: str
    lines: int


class Words(Artifact):
    """A free text of a participant."""

    participant: str
    paper: str
    question: str
    """The id of the question. `guess`: who the participant believes the makers are; blinding may have failed."""

    text: str


class StudyResults(Artifact):
    """What the answers say."""

    study: str
    title: str
    participants: tuple[str, ...]
    complete: int
    """Questionnaires without an open question; a person has one for each paper."""

    partial: int
    wait_for: int
    """Complete questionnaires that the study was to wait for."""

    minutes: float | None
    """Median time of a complete questionnaire."""

    makers: tuple[MakerResult, ...]
    pairs: tuple[PairResult, ...]
    agreement: tuple[AgreementResult, ...]
    correlations: tuple[CorrelationResult, ...]
    repositories: tuple[RevealedRepository, ...]
    words: tuple[Words, ...]
    remarks: tuple[str, ...]
    problems: tuple[Problem, ...]

    def of_kind(self, kind: str) -> Iterator[Problem]:
        """The problems of one kind."""
        return (problem for problem in self.problems if problem.kind == kind)
