"""A letter to a paper's authors: questions about the paper that change what a reproduction measures.

Each can be answered in a sentence. Those that concern claims that differ come first, then those on which more claims
and requirements depend. What only the generated code decides, such as its synthetic data, is not asked.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from papercoder.artifacts import ConfigValue, Hypothesis, Requirement
from papercoder.claims.measurements import plain
from papercoder.report.model import Report, shown
from papercoder.repository.traceability import place
from papercoder.text.characters import one_line

MOST = 10
"""Questions in a letter; a longer one is not answered."""

_OURS = re.compile(
    r"\b[\w./-]+\.(py|json|ya?ml|csv|md|sh)\b|\b(smoke|synthetic|command line|config(uration)? file|repository)\b",
    re.IGNORECASE,
)
"""Words for what the generated code decides, not the paper."""

_OUR_KEYS = re.compile(r"(^|[._])(seed|root|path|folder|device|workers|threads|log\w*|output|cache)$")
"""The same for the keys of settings. `seeds`, how many there are, is the paper's."""


@dataclass(frozen=True)
class Question:
    """One question for the authors."""

    text: str
    anchor: str
    """The place in the paper that it is about; empty if it is about none."""

    subject: str
    """The requirement's id or the setting's key."""

    differing: int = 0
    """Claims that differ and that the answer may explain."""

    dependents: int = 0
    """Claims and requirements that depend on the answer."""

    @property
    def place(self) -> str:
        """Where it is in the paper, in words: `Section 3, paragraph 2`."""
        paragraph = self.anchor.partition("¶")[2]
        return place(self.anchor) + (f", paragraph {paragraph}" if paragraph else "") if self.anchor else ""


def questions(report: Report) -> tuple[Question, ...]:
    """All questions, those on which most depends first."""
    asked: dict[str, Question] = {}
    for question in _questions(report):
        asked.setdefault(question.subject, question)
    texts = {item.requirement.id: item.requirement.statement for item in report.requirements}
    texts |= {value.key: f"{value.key} {value.meaning}" for value in (report.config.values if report.config else ())}
    weighed = (_weighed(report, question, texts.get(question.subject, "")) for question in asked.values())
    return tuple(sorted(weighed, key=lambda question: (-question.differing, -question.dependents)))


def letter(report: Report) -> str:
    """The mail to the authors in plain text, with at most `MOST` questions; empty if there is none."""
    asked = questions(report)
    if not asked:
        return ""
    lines = [f"{number}. {_line(question)}" for number, question in enumerate(asked[:MOST], 1)]
    more = len(asked) - MOST
    rest = f"We have {more} more question{'s' * (more > 1)} on which less depends.\n\n" if more > 0 else ""
    return _LETTER.format(title=one_line(report.title) or "your paper", questions="\n".join(lines), rest=rest)


_LETTER = """Dear authors,

we are reproducing the results of “{title}” with an implementation of our own. The paper leaves some details open, and \
the results may depend on them. Could you tell us what you did? A sentence for each is enough, and sharing your code \
would answer most.

{questions}

{rest}Thank you!
"""


def _line(question: Question) -> str:
    return one_line(question.text) + (f" ({question.place})" if question.place else "")


def _questions(report: Report) -> Iterator[Question]:
    """The questions of hypotheses, requirements and settings, in this order; of those on one subject the first counts.

    What a diagnosis asks is sharper than what planning asked, since it knows which claims differ.
    """
    needs = {item.requirement.id: item.requirement for item in report.requirements}
    for hypothesis in report.diagnosis.hypotheses if report.diagnosis else ():
        if hypothesis.kind in {"reading", "paper"} and (text := _of_hypothesis(hypothesis, needs)):
            need = needs.get(hypothesis.requirement)
            anchor = need.anchor if need else "".join(quote.anchor for quote in hypothesis.quotes[:1])
            yield Question(text, anchor, hypothesis.requirement or hypothesis.id)
    for need in needs.values():
        if need.status in {"assumed", "cited"} and not _OURS.search(need.statement):
            yield Question(need.question or _of_requirement(need), need.anchor, need.id)
    for value in report.config.values if report.config else ():
        if value.is_open and not _OUR_KEYS.search(value.key) and not _OURS.search(value.meaning):
            yield Question(_of_value(value), "", value.key)


def _of_hypothesis(hypothesis: Hypothesis, needs: dict[str, Requirement]) -> str:
    """The question that would decide it; empty if it names no choice."""
    if hypothesis.question:
        return hypothesis.question
    if len(hypothesis.quotes) > 1:
        return f"Which is right: {_either(quote.text for quote in hypothesis.quotes)}?"
    need = needs.get(hypothesis.requirement)
    if need and hypothesis.reading and plain(need.statement) != plain(hypothesis.reading):
        return f"Which of these did you do: {_either((need.statement, hypothesis.reading))}?"
    return ""


def _of_requirement(need: Requirement) -> str:
    if need.alternatives:
        return f"Which of these did you do: {_either((need.statement, *need.alternatives))}?"
    source = "In the work that you cite for this, is it" if need.status == "cited" else "Is it"
    return f"{source} right that we read: “{_bare(need.statement)}”?"


def _of_value(value: ConfigValue) -> str:
    what = _bare(value.meaning) or value.key.replace("_", " ").replace(".", ", ")
    choices = [shown(value.value), *(_bare(text) for text in value.alternatives)]
    return f"What did you use for this: {what} ({', '.join(choices)} or another value)?"


def _either(choices: Iterable[str]) -> str:
    """`“a”, “b” or “c”`."""
    *first, last = (f"“{_bare(text)}”" for text in choices)
    return f"{', '.join(first)} or {last}" if first else last


def _bare(text: str) -> str:
    return one_line(text).strip().rstrip(".")


def _weighed(report: Report, question: Question, text: str) -> Question:
    """With what depends on it.

    These are the claims that a hypothesis about it would explain, the claims whose method or data set it names, and
    the requirements from the same place in the paper.
    """
    words = plain(text)
    explained = {
        claim
        for hypothesis in (report.diagnosis.hypotheses if report.diagnosis else ())
        if question.subject in {hypothesis.id, hypothesis.requirement, *(one.key for one in hypothesis.settings)}
        for claim in hypothesis.claims
    }
    named = {
        result.claim.id
        for result in report.claims
        if words and (plain(result.claim.method) in words or plain(result.claim.dataset) in words)
    }
    differing = {result.claim.id for result in report.claims if result.verdict == "differs"}
    neighbours = sum(item.requirement.anchor == question.anchor != "" for item in report.requirements)
    return Question(
        question.text,
        question.anchor,
        question.subject,
        differing=len(explained | (named & differing)),
        dependents=len(named) + neighbours,
    )
