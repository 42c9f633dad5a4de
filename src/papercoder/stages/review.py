"""Review: a verdict for each requirement, with the lines that prove it; failures are revised by edits."""

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
    """Judge whether a file's code meets the requirements that it owns.

    `others` are its neighbours in the import graph, `assumed` the assumptions that all files share.
    """
    files = (own, *others)

    def check(verdicts: Verdicts, _: int) -> list[str]:
        return [*problems(verdicts, requirements, files), *choice_problems(verdicts, assumed)]

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


def problems(verdicts: Verdicts, requirements: Iterable[Requirement], files: Iterable[SourceFile]) -> Iterator[str]:
    """Requirements without exactly one verdict, and evidence without code."""
    wanted = [item.id for item in requirements]
    given = [verdict.requirement for verdict in verdicts.verdicts]
    for name in wanted:
        if given.count(name) != 1:
            yield f"{name} has {given.count(name)} verdicts; it needs one."
    yield from (f"{name} is not one of the requirements to judge." for name in given if name not in wanted)
    lines = {file.path: file.text.splitlines() for file in files}
    for verdict in verdicts.verdicts:
        yield from _evidence_problems(verdict, lines)


def _evidence_problems(verdict: Verdict, lines: dict[str, list[str]]) -> Iterator[str]:
    if verdict.verdict != "missing" and not verdict.evidence:
        yield f"{verdict.requirement} is `{verdict.verdict}` without evidence; name the lines that show it."
    for place in verdict.evidence:
        code = lines.get(place.path)
        if code is None:
            yield f"{verdict.requirement}: `{place.path}` is not among the files shown."
        elif not 1 <= place.line <= len(code) or not code[place.line - 1].partition("#")[0].strip():
            yield f"{verdict.requirement}: `{place.path}` has no code on line {place.line}."


def choice_problems(verdicts: Verdicts, assumed: Iterable[Requirement]) -> Iterator[str]:
    """References to unknown assumptions, and verdicts that an assumption does not explain."""
    known = {item.id for item in assumed}
    for verdict in verdicts.verdicts:
        for name in verdict.chosen_in:
            if name not in known - {verdict.requirement}:
                yield f"{verdict.requirement}: {name} is not another assumed requirement."
        if verdict.chosen_in and (verdict.verdict, verdict.degradation) != ("partly", "none"):
            yield f"{verdict.requirement} has `chosen_in`, so it must be `partly` with degradation `none`."


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
    """Edit a file to fix its problems: failed verdicts and findings."""

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
