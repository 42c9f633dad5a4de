"""What the answers say about the makers, as in Paper2Code's human evaluation, and how far people agree."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise
from math import sqrt
from pathlib import Path
from random import Random
from statistics import fmean, median

from pydantic import ValidationError
from scipy.special import chdtrc
from scipy.stats import binomtest, rankdata

from papercoder.artifacts import (
    AgreementResult,
    CorrelationResult,
    Evaluation,
    Interval,
    MakerResult,
    Option,
    PairResult,
    Part,
    Question,
    RevealedRepository,
    Study,
    StudyKey,
    StudyResults,
    Words,
)
from papercoder.errors import RunFolderError
from papercoder.evaluation.statistics import holm, interval, sign_test
from papercoder.evaluation.study.answers import Collected, Response
from papercoder.evaluation.study.questionnaire import PARTS
from papercoder.runs.folder import read_given_text


def mean_ranks(ranks: Sequence[float]) -> tuple[float, ...]:
    """Ranks in which equals share the mean of their places: 1, 1, 2 becomes 1.5, 1.5, 3."""
    return tuple(map(float, rankdata(ranks)))


def kendalls_w(rankings: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """Kendall's W, corrected for ties, and the p value of its chi-square statistic (Kendall and Smith, 1939).

    Args:
        rankings: each person's ranks of the same things, in the same order.

    Returns:
        W, from 0 (no agreement) to 1, and its p value; None for fewer than two people or two things, or if nobody
        distinguishes anything.
    """
    people, things = len(rankings), len(rankings[0]) if rankings else 0
    if people < 2 or things < 2:
        return None
    ranked = [mean_ranks(each) for each in rankings]
    sums = [sum(column) for column in zip(*ranked, strict=True)]
    middle = people * (things + 1) / 2
    ties = sum(count**3 - count for each in ranked for count in Counter(each).values())
    most = people**2 * (things**3 - things) - people * ties
    if most == 0:
        return None
    w = 12 * sum((total - middle) ** 2 for total in sums) / most
    return w, float(chdtrc(things - 1, people * (things - 1) * w))


def krippendorff_alpha(units: Iterable[Sequence[float]]) -> float | None:
    """Krippendorff's alpha for ordinal values; people may have left units out (Krippendorff, 2011).

    Args:
        units: the values that different people gave to the same thing.

    Returns:
        1 for perfect agreement, 0 for chance, below 0 for less; None if no unit has two values, or all are equal.
    """
    coincidences = defaultdict[tuple[float, float], float](float)
    for values in units:
        for place, one in enumerate(values):
            for other in (*values[:place], *values[place + 1 :]):
                coincidences[one, other] += 1 / (len(values) - 1)
    totals = defaultdict[float, float](float)
    for (one, _), share in coincidences.items():
        totals[one] += share
    scale = sorted(totals)
    steps = ((totals[one] + totals[other]) / 2 for one, other in pairwise(scale))
    at = dict(zip(scale, accumulate(steps, initial=0.0), strict=False))  # of no values, there are no steps
    observed = sum(share * (at[one] - at[other]) ** 2 for (one, other), share in coincidences.items())
    chance = sum(totals[one] * totals[other] * (at[one] - at[other]) ** 2 for one in totals for other in totals)
    return 1 - (sum(totals.values()) - 1) * observed / chance if chance else None


def share(part: int, whole: int) -> Interval | None:
    """A share with Wilson's 95 % interval; None for no answers."""
    if not whole:
        return None
    found = binomtest(part, whole).proportion_ci(method="wilson")
    return Interval(mean=part / whole, low=float(found.low), high=float(found.high), n=whole)


def correlation(
    groups: Sequence[Sequence[tuple[float, float]]], random: Random, shuffles: int
) -> tuple[float | None, float | None]:
    """Spearman's rank correlation of pairs that can be compared within their group only, such as a paper.

    The values become ranks within each group, and their distances from the group's mean rank are correlated over all
    groups. The p value is the share of shuffles within the groups that correlate at least as strongly.

    Returns:
        The correlation and its p value; None and None if one side has equal values in every group.
    """
    ones = [_centred([one for one, _ in group]) for group in groups]
    others = [_centred([other for _, other in group]) for group in groups]
    size = sqrt(sum(a * a for each in ones for a in each) * sum(b * b for each in others for b in each))
    if not size:
        return None, None
    found = _product(ones, others) / size
    stronger = sum(
        abs(_product([random.sample(each, len(each)) for each in ones], others)) / size >= abs(found) - _ROUNDING
        for _ in range(shuffles)
    )
    return found, (stronger + 1) / (shuffles + 1)


_ROUNDING = 1e-9


def _centred(values: Sequence[float]) -> list[float]:
    ranks = mean_ranks(values)
    middle = (len(ranks) + 1) / 2
    return [rank - middle for rank in ranks]


def _product(ones: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> float:
    return sum(a * b for one, other in zip(ones, others, strict=True) for a, b in zip(one, other, strict=True))


_SHUFFLES = 2_000
Repository = tuple[str, str]
"""A paper and a neutral name."""


@dataclass(frozen=True)
class _Opened:
    """The answers with their makers."""

    study: Study
    key: StudyKey
    responses: Sequence[Response]

    def maker(self, response: Response, name: str) -> str:
        return self.key.maker(response.paper.id, name)

    def scores(self, wanted: Callable[[Question], bool]) -> Iterator[tuple[Response, Question, dict[str, float]]]:
        """The answers to some questions: repository -> its score."""
        for response in self.responses:
            for question in response.paper.questions:
                if question.each and wanted(question):
                    yield response, question, response.scores(question)

    def of_maker(self, maker: str, wanted: Callable[[Question], bool]) -> Interval | None:
        """The mean score of a maker over participants, each with the mean of what they say."""
        by_person, options = defaultdict[str, list[float]](list), list[Option]()
        for response, question, scores in self.scores(wanted):
            options += question.options
            own = [score for name, score in scores.items() if self.maker(response, name) == maker]
            by_person[response.participant] += own
        ends = [option.score for option in options if option.score is not None]
        return _inside(interval([fmean(each) for each in by_person.values() if each]), ends)

    @property
    def rankings(self) -> Iterator[tuple[Response, dict[str, float]]]:
        """The complete rankings: maker -> rank, with equals at the mean of their places."""
        for response in self.responses:
            if ranking := response.ranking:
                makers = [self.maker(response, name) for name in ranking]
                yield response, dict(zip(makers, mean_ranks(list(ranking.values())), strict=True))


def results(study: Study, key: StudyKey, collected: Collected) -> StudyResults:
    """Everything that the answers say about the makers."""
    opened = _Opened(study, key, collected.responses)
    complete = [each for each in collected.responses if not each.open]
    models, remarks = _model_scores(key)
    if len(complete) < study.wait_for:
        remarks.insert(0, f"The key was opened early: {len(complete)} of {study.wait_for} questionnaires are complete.")
    if len({len(paper.repositories) for paper in study.papers}) > 1:
        remarks.append("The papers have different numbers of repositories: compare win rates, not rank scores.")
    lines = {(paper.id, each.name): each.lines for paper in study.papers for each in paper.repositories}
    return StudyResults(
        study=study.id,
        title=study.title,
        participants=collected.participants,
        complete=len(complete),
        partial=len(collected.responses) - len(complete),
        wait_for=study.wait_for,
        minutes=median(each.seconds for each in complete) / 60 if complete else None,
        makers=tuple(sorted((_maker(opened, maker) for maker in key.makers), key=_best_first)),
        pairs=_pairs(opened),
        agreement=(*_rank_agreement(opened), *_value_agreement(opened)),
        correlations=tuple(_correlations(opened, models)),
        repositories=tuple(
            RevealedRepository(
                paper=each.paper, repository=each.repository, maker=each.maker, lines=lines[each.paper, each.repository]
            )
            for each in key.entries
        ),
        words=tuple(_words(collected.responses)),
        remarks=tuple(remarks),
        problems=tuple(collected.problems),
    )


def _inside(found: Interval | None, ends: Sequence[float]) -> Interval | None:
    """The interval without what lies outside the scale."""
    if found is None:
        return None
    return found.model_copy(update={"low": max(found.low, min(ends)), "high": min(found.high, max(ends))})


def _maker(opened: _Opened, maker: str) -> MakerResult:
    by_person, first = defaultdict[str, list[float]](list), 0
    for response, ranks in opened.rankings:
        if maker in ranks:
            by_person[response.participant].append(len(ranks) + 1 - ranks[maker])
            first += ranks[maker] == min(ranks.values())
    ranked, most = sum(map(len, by_person.values())), max(len(paper.names) for paper in opened.study.papers)
    coverage = {part: _covered(opened, maker, part) for part in PARTS}
    return MakerResult(
        maker=maker,
        papers=sum(entry.maker == maker for entry in opened.key.entries),
        ranked=ranked,
        rank_score=_inside(interval([fmean(each) for each in by_person.values()]), [1, most]),
        first=first / ranked if ranked else None,
        faithful=opened.of_maker(maker, lambda question: question.id == "faithful"),
        use=opened.of_maker(maker, lambda question: question.id == "use"),
        easier=opened.of_maker(maker, lambda question: question.id == "easier"),
        coverage={part: found for part, found in coverage.items() if found},
    )


def _covered(opened: _Opened, maker: str, part: Part) -> Interval | None:
    return opened.of_maker(maker, lambda question: question.part == part)


def _best_first(result: MakerResult) -> float:
    return -result.rank_score.mean if result.rank_score else 0.0


def _pairs(opened: _Opened) -> tuple[PairResult, ...]:
    found = []
    for one, other in combinations(opened.key.makers, 2):
        compared = [(ranks[one], ranks[other]) for _, ranks in opened.rankings if {one, other} <= ranks.keys()]
        wins, losses = sum(a < b for a, b in compared), sum(a > b for a, b in compared)
        if compared:
            sides = (one, other, wins, losses) if wins >= losses else (other, one, losses, wins)
            found.append((*sides, len(compared) - wins - losses))
    p_values = holm([sign_test(wins, losses) if wins + losses else 1.0 for _, _, wins, losses, _ in found])
    return tuple(
        PairResult(
            winner=winner,
            loser=loser,
            wins=wins,
            losses=losses,
            ties=ties,
            rate=share(wins, wins + losses),
            p_value=p_value,
        )
        for (winner, loser, wins, losses, ties), p_value in zip(found, p_values, strict=True)
    )


_ASKED: Mapping[str, Callable[[Question], bool]] = {
    "ranks": lambda question: question.id == "rank",
    "faithfulness": lambda question: question.id == "faithful",
    "would use it": lambda question: question.id == "use",
    "easier": lambda question: question.id == "easier",
    "components": lambda question: question.topic == "component",
}


def _rank_agreement(opened: _Opened) -> Iterator[AgreementResult]:
    """Of the rankings of each paper, and of all together if every paper has the same makers."""
    by_paper = defaultdict[str, list[dict[str, float]]](list)
    for response, ranks in opened.rankings:
        by_paper[response.paper.id].append(ranks)
    if len(by_paper) > 1 and len({frozenset(each) for own in by_paper.values() for each in own}) == 1:
        by_paper["all papers"] = [each for own in list(by_paper.values()) for each in own]
    for paper, own in by_paper.items():
        found = kendalls_w([[ranks[maker] for maker in own[0]] for ranks in own])
        if len(own) > 1:
            w, p_value = found or (None, None)
            yield AgreementResult(
                measure="Kendall's W", about=paper, people=len(own), units=len(own[0]), value=w, p_value=p_value
            )


def _value_agreement(opened: _Opened) -> Iterator[AgreementResult]:
    """Of every kind of answer, over all things that two people judged."""
    for about, wanted in _ASKED.items():
        units, people = defaultdict[tuple[str, str, str], list[float]](list), defaultdict[str, set[str]](set)
        for response, question, scores in opened.scores(wanted):
            people[response.paper.id].add(response.participant)
            for name, score in scores.items():
                units[response.paper.id, question.id, name].append(score)
        both = [values for values in units.values() if len(values) > 1]
        if both:
            together = {person for own in people.values() if len(own) > 1 for person in own}
            yield AgreementResult(
                measure="Krippendorff's alpha",
                about=about,
                people=len(together),
                units=len(both),
                value=krippendorff_alpha(both),
            )


_Scores = dict[str, dict[Repository, float]]
"""Judge -> its scores."""


def _model_scores(key: StudyKey) -> tuple[_Scores, list[str]]:
    """The scores of `papercoder eval`, and what is missing or unreliable."""
    scores: _Scores = defaultdict(dict)
    remarks: list[str] = []
    for entry in key.entries:
        if not entry.evaluation:
            continue
        path, where = Path(entry.evaluation), f"{entry.paper}, {entry.maker}"
        path = path / "evaluation.json" if path.is_dir() else path
        try:
            text = read_given_text(path)
            if text is None:
                remarks.append(
                    f"{where}: {path.name} does not exist yet, so models are not compared with people there."
                )
                continue
            found = Evaluation.model_validate_json(text)
        except (RunFolderError, ValidationError):
            remarks.append(f"{where}: {path.name} is no evaluation by `papercoder eval`.")
            continue
        for judge in found.scores:
            if judge.score:
                scores[judge.judge][entry.paper, entry.repository] = judge.score.mean
        if found.rubric:
            scores["rubric"][entry.paper, entry.repository] = found.rubric.score
        remarks += [f"{where}: {text}." for text in found.shortcomings]
    return scores, remarks


def _correlations(opened: _Opened, models: _Scores) -> Iterator[CorrelationResult]:
    """Per judge: ranks by people and by the judge within each paper, over all papers."""
    people = defaultdict[Repository, list[float]](list)
    for response in opened.responses:
        if ranking := response.ranking:
            for name, rank in zip(ranking, mean_ranks(list(ranking.values())), strict=True):
                people[response.paper.id, name].append(-rank)
    for judge, scores in models.items():
        groups = [
            [(fmean(people[each]), scores[each]) for each in own]
            for paper in opened.study.papers
            if len(own := [(paper.id, name) for name in paper.names if (paper.id, name) in people.keys() & scores]) > 1
        ]
        if not groups:
            continue
        rho, p_value = correlation(groups, Random(0), _SHUFFLES)  # noqa: S311, the same result every time
        signs = [
            ((a - b) * (x - y)) for group in groups for (a, x), (b, y) in combinations(group, 2) if a != b and x != y
        ]
        yield CorrelationResult(
            judge=judge,
            repositories=sum(map(len, groups)),
            papers=len(groups),
            rho=rho,
            p_value=p_value,
            same_order=sum(sign > 0 for sign in signs) / len(signs) if signs else None,
        )


def _words(responses: Iterable[Response]) -> Iterator[Words]:
    for response in responses:
        for question in response.paper.questions:
            if not question.options and (text := response.answers.get(question.id)):
                yield Words(participant=response.participant, paper=response.paper.id, question=question.id, text=text)
