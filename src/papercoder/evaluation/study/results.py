"""What the answers say about the makers, as in Paper2Code's human evaluation."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random
from statistics import fmean, median

from pydantic import ValidationError

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
from papercoder.evaluation.study.agreement import correlation, kendalls_w, krippendorff_alpha, mean_ranks, share
from papercoder.evaluation.study.answers import Collected, Response
from papercoder.evaluation.study.questionnaire import PARTS
from papercoder.runs.folder import read_given_text

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
