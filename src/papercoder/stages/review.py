"""Review: a verdict for each requirement, with the lines that show it; what failed is revised by edits."""

from collections.abc import Iterable, Iterator

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import cited_part, text_part
from papercoder.agents.edits import SearchReplace, edit_problems
from papercoder.agents.listings import numbered_code, python_code, requirement_lines
from papercoder.artifacts import Edits, Paper, Requirement, SourceFile, Verdict, Verdicts

REVIEWER = Agent("review", "review", Json(Verdicts))
REVISER = Agent("revise", "review", SearchReplace())


@uses(REVIEWER)
async def review_file(
    agents: Agents,
    paper: Paper,
    requirements: tuple[Requirement, ...],
    config: str,
    own: SourceFile,
    others: tuple[SourceFile, ...],
    assumed: tuple[Requirement, ...],
) -> Verdicts:
    """Hold the requirements that a file owns against its code.

    `others` are its neighbours in the import graph, `assumed` the choices that all files go by.
    """
    files = (own, *others)

    def check(verdicts: Verdicts, _: int) -> list[str]:
        return [*complaints(verdicts, requirements, files), *choice_complaints(verdicts, assumed)]

    return await agents.ask(
        REVIEWER,
        own.path,
        (
            cited_part(paper, (item.anchor for item in requirements)),
            text_part("The configuration", config),
            text_part("What was chosen", requirement_lines(assumed) or "Nothing."),
            text_part("Files around it", "\n\n".join(map(numbered_code, others)) or "None.", ""),
            text_part("The file", numbered_code(own)),
        ),
        check,
        path=own.path,
        requirements=requirement_lines(requirements),
    )


def complaints(verdicts: Verdicts, requirements: Iterable[Requirement], files: Iterable[SourceFile]) -> Iterator[str]:
    """Requirements without exactly one verdict, and evidence that points nowhere."""
    wanted = [item.id for item in requirements]
    given = [verdict.requirement for verdict in verdicts.verdicts]
    for name in wanted:
        if given.count(name) != 1:
            yield f"{name} has {given.count(name)} verdicts; it needs one."
    yield from (f"{name} was not asked for." for name in given if name not in wanted)
    lines = {file.path: file.text.splitlines() for file in files}
    for verdict in verdicts.verdicts:
        yield from _evidence_complaints(verdict, lines)


def _evidence_complaints(verdict: Verdict, lines: dict[str, list[str]]) -> Iterator[str]:
    if verdict.verdict != "missing" and not verdict.evidence:
        yield f"{verdict.requirement} is said to be {verdict.verdict}; name the lines that show it."
    for place in verdict.evidence:
        code = lines.get(place.path)
        if code is None:
            yield f"{verdict.requirement}: `{place.path}` is not among the files shown."
        elif not 1 <= place.line <= len(code) or not code[place.line - 1].partition("#")[0].strip():
            yield f"{verdict.requirement}: `{place.path}` has no code in line {place.line}."


def choice_complaints(verdicts: Verdicts, assumed: Iterable[Requirement]) -> Iterator[str]:
    """Choices that nobody made, and verdicts that a choice does not explain."""
    known = {item.id for item in assumed}
    for verdict in verdicts.verdicts:
        for name in verdict.chosen_in:
            if name not in known - {verdict.requirement}:
                yield f"{verdict.requirement}: {name} is no other, assumed requirement."
        if verdict.chosen_in and (verdict.verdict, verdict.degradation) != ("partly", "none"):
            yield f"{verdict.requirement} is met as was chosen: it is `partly`, with degradation `none`, or not so."


@uses(REVISER)
async def revise_file(
    agents: Agents,
    paper: Paper,
    requirements: tuple[Requirement, ...],
    config: str,
    problems: tuple[str, ...],
    own: SourceFile,
    others: tuple[SourceFile, ...],
) -> Edits:
    """Edit a file so that its problems, failed verdicts and findings, are put right."""

    def check(edits: Edits, _: int) -> list[str]:
        return edit_problems((own,), edits, {own.path})

    return await agents.ask(
        REVISER,
        own.path,
        (
            cited_part(paper, (item.anchor for item in requirements)),
            text_part("The configuration", config),
            text_part("Files around it", "\n\n".join(map(numbered_code, others)) or "None.", ""),
            text_part("The file", python_code(own)),
        ),
        check,
        path=own.path,
        requirements=requirement_lines(requirements),
        problems=problems,
    )
