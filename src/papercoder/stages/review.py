"""Review: a verdict for each requirement, with the lines that prove it; failures are revised by edits."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import cited_part, text_part
from papercoder.agents.edits import SearchReplace, apply, edit_problems
from papercoder.agents.listings import excerpt_code, numbered_code, python_code, requirement_lines
from papercoder.artifacts import (
    Artifact,
    Edits,
    Excerpt,
    Location,
    Paper,
    ProposedAmendment,
    Requirement,
    SourceFile,
    Verdict,
    Verdicts,
)
from papercoder.models.contract import count_tokens
from papercoder.paper.evidence import find_quote
from papercoder.repository.code_graph import CallGraph
from papercoder.repository.config_text import settings_named_in
from papercoder.repository.files import parse

Lines = Mapping[str, Mapping[int, str]]
"""The lines that are shown: path -> number -> line."""

REVIEWER = Agent("review", "review", Json(Verdicts), ("review_system",))
"""Its request has no word of how the code came about, so that it is judged like anyone's."""

REVISER = Agent("revise", "review", SearchReplace())


class Question(Artifact):
    """What is asked about one file."""

    file: SourceFile
    requirements: tuple[Requirement, ...]
    """Those to judge; the file owns them."""

    around: tuple[Excerpt, ...] = ()
    """What the file calls, and what calls it."""

    kept: tuple[Verdict, ...] = ()
    """Verdicts on its other requirements, which rest on unchanged code; they are added to the result."""


SHARED = 8_000
"""Tokens of the files that share a request; in small context windows, an eighth of the window."""


def shared_requests(agents: Agents, questions: Iterable[Question]) -> list[tuple[Question, ...]]:
    """The questions in groups that one request each asks: small files together."""
    room = min(SHARED, agents.models[REVIEWER.role].context_window // 8)
    groups: list[tuple[Question, ...]] = []
    left: list[int] = []
    for question in questions:
        size = count_tokens(question.file.text)
        place = next((index for index, free in enumerate(left) if size <= free), len(groups))
        if place == len(groups):
            groups.append(())
            left.append(room)
        groups[place] += (question,)
        left[place] -= size
    return groups


@uses(REVIEWER)
async def review_files(
    agents: Agents,
    questions: tuple[Question, ...],
    paper: Paper,
    config: str,
    assumed: tuple[Requirement, ...],
) -> tuple[Verdicts, ...]:
    """Judge in one request whether the code of files meets requirements that they own.

    Args:
        agents: runs the agent.
        questions: what is asked about each file.
        paper: the paper.
        config: `config.yaml`.
        assumed: the assumptions that all files share.

    Returns:
        The verdicts of each file.
    """
    files = [question.file for question in questions]
    requirements = [item for question in questions for item in question.requirements]
    around = _around(questions)
    lines = {file.path: dict(enumerate(file.text.splitlines(), 1)) for file in files}
    lines |= {item.path: item.lines for item in around}

    def check(verdicts: Verdicts, attempt: int) -> list[str]:
        found = [*problems(verdicts, requirements, lines), *choice_problems(verdicts, assumed)]
        return found + (proposal_problems(verdicts.amendments, paper, assumed) if attempt == 0 else [])

    title = "Choices where the paper leaves something open"
    choices = requirement_lines((item for item in assumed if item not in requirements), quoted=False)
    near = "\n\n".join(map(numbered_code, around)) or "Nothing."
    verdicts = await agents.ask(
        REVIEWER,
        files[0].path,
        (
            cited_part(paper, (item.anchor for item in requirements)),
            text_part("The configuration", settings_named_in(config, *(file.text for file in files), near)),
            *((text_part(title, choices),) if choices else ()),
            text_part("What the files call, and what calls them", near, ""),
            text_part("The files", "\n\n".join(map(numbered_code, files))),
        ),
        check,
        shown=tuple(lines),
        questions=[(each.file.path, requirement_lines(each.requirements, quoted=False)) for each in questions],
    )
    judged = tuple(_with_shown_evidence(verdict, lines) for verdict in verdicts.verdicts)
    return _by_file(questions, verdicts.model_copy(update={"verdicts": judged}))


def _around(questions: Iterable[Question]) -> tuple[Excerpt, ...]:
    """What the files call and what calls them, in other files."""
    near: dict[str, dict[int, str]] = {}
    for excerpt in (item for question in questions for item in question.around):
        near.setdefault(excerpt.path, {}).update(excerpt.lines)
    others = near.keys() - {question.file.path for question in questions}
    return tuple(
        Excerpt(path=path, lines=dict(sorted(lines.items()))) for path, lines in near.items() if path in others
    )


def _by_file(questions: tuple[Question, ...], answer: Verdicts) -> tuple[Verdicts, ...]:
    """The verdicts of each file, with those that it had before; other files' assumptions are amended by the first."""
    asked = {item.id: index for index, each in enumerate(questions) for item in each.requirements}
    found = []
    for index, question in enumerate(questions):
        own = (verdict for verdict in answer.verdicts if asked[verdict.requirement] == index)
        verdicts = tuple(sorted((*question.kept, *own), key=lambda verdict: int(verdict.requirement[1:])))
        amendments = tuple(item for item in answer.amendments if asked.get(item.requirement, 0) == index)
        found.append(Verdicts(verdicts=verdicts, amendments=amendments))
    return tuple(found)


def problems(verdicts: Verdicts, requirements: Iterable[Requirement], lines: Lines) -> Iterator[str]:
    """Requirements without exactly one verdict, and evidence without code; `lines` are those shown of each file."""
    wanted = [item.id for item in requirements]
    given = [verdict.requirement for verdict in verdicts.verdicts]
    for name in wanted:
        if given.count(name) != 1:
            yield f"{name} has {given.count(name)} verdicts; it needs one."
    yield from (f"{name} is not one of the requirements to judge." for name in given if name not in wanted)
    for verdict in verdicts.verdicts:
        yield from _evidence_problems(verdict, lines)


def _evidence_problems(verdict: Verdict, lines: Lines) -> Iterator[str]:
    if verdict.verdict != "missing" and not verdict.evidence:
        yield f"{verdict.requirement} is `{verdict.verdict}` without evidence; name the lines that show it."
    if any(_is_shown(place, lines) for place in verdict.evidence):
        return  # the rest is left out
    for place in verdict.evidence:
        if place.path in lines:
            yield f"{verdict.requirement}: `{place.path}` has no code on line {place.line} here."
        else:
            shown = ", ".join(f"`{path}`" for path in lines)
            yield f"{verdict.requirement}: `{place.path}` is not among the files shown ({shown})."


def _is_shown(place: Location, lines: Lines) -> bool:
    return bool(lines.get(place.path, {}).get(place.line, "").partition("#")[0].strip())


def _with_shown_evidence(verdict: Verdict, lines: Lines) -> Verdict:
    """Without the lines that the reviewer was not shown."""
    return verdict.model_copy(
        update={"evidence": tuple(place for place in verdict.evidence if _is_shown(place, lines))}
    )


def choice_problems(verdicts: Verdicts, assumed: Iterable[Requirement]) -> Iterator[str]:
    """References to unknown assumptions, and verdicts that an assumption does not explain."""
    known = {item.id for item in assumed}
    for verdict in verdicts.verdicts:
        for name in verdict.chosen_in:
            if name not in known - {verdict.requirement}:
                yield f"{verdict.requirement}: {name} is not another assumed requirement."
        if verdict.chosen_in and (verdict.verdict, verdict.degradation) != ("partly", "none"):
            yield f"{verdict.requirement} has `chosen_in`, so it must be `partly` with degradation `none`."


def proposal_problems(
    amendments: Iterable[ProposedAmendment], paper: Paper, assumed: Iterable[Requirement]
) -> list[str]:
    """Proposals for what is no assumption, and without words of the paper."""
    statements = {item.id: item.statement for item in assumed}
    found = []
    for item in amendments:
        if item.requirement not in statements:
            found.append(f"{item.requirement} is not an assumed requirement; only these can be amended.")
        elif item.statement.strip() == statements[item.requirement].strip():
            found.append(f"{item.requirement}: the proposed statement is the one that it has.")
        elif item.quote and find_quote(paper, item.quote, item.anchor) is None:
            found.append(f'{item.requirement}: the paper does not say "{item.quote}" [{item.anchor}].')
    return found


@uses(REVISER)
async def revise_files(
    agents: Agents,
    paper: Paper,
    requirements: tuple[Requirement, ...],
    config: str,
    problems: tuple[str, ...],
    files: tuple[SourceFile, ...],
    others: tuple[SourceFile, ...],
) -> Edits:
    """Edit the files in which problems have their cause.

    `others` are the rest of the code; those that use the files may be edited to follow a changed interface.
    """
    code = (*files, *others)
    graph, paths = CallGraph(code), {file.path for file in files}
    own = [item for path in paths for item in graph.definitions(path)]
    callers = sorted({item.path for item in graph.reaching(own)} - paths)
    around = graph.around(paths)

    def check(edits: Edits, _: int) -> list[str]:
        found = edit_problems(code, edits, {*paths, *callers})
        return found or interface_problems(code, apply(code, edits))

    return await agents.ask(
        REVISER,
        files[0].path,
        (
            cited_part(paper, (item.anchor for item in requirements)),
            text_part("The configuration", config),
            text_part(
                "What the files call, and what calls them", "\n\n".join(map(excerpt_code, around)) or "Nothing.", ""
            ),
            text_part("The files", "\n\n".join(map(python_code, files))),
        ),
        check,
        files=tuple(file.path for file in files),
        callers=callers,
        requirements=requirement_lines(requirements, quoted=False),
        problems=problems,
    )


def interface_problems(before: tuple[SourceFile, ...], after: tuple[SourceFile, ...]) -> list[str]:
    """Callers that an edit forgets: functions that cannot be called as before, used in files that did not change."""
    old = {file.path: file.text for file in before}
    untouched = [file for file in after if file.text == old.get(file.path)]
    found = []
    for file in after:
        if file in untouched:
            continue
        now = tuple(_signatures(file.text))
        for name, arguments in _signatures(old.get(file.path, "")):
            # A property and its setter have the same name.
            if any(name == other and _accepts(each, arguments) for other, each in now):
                continue
            word = re.compile(rf"\b{re.escape(name.rpartition('.')[2])}\b")
            users = [other.path for other in untouched if word.search(other.text)]
            found += [
                f"`{name}` of `{file.path}` cannot be called as before, but `{path}`, which names it, is not edited."
                for path in users
            ]
    return found


def _signatures(code: str) -> Iterator[tuple[str, ast.arguments]]:
    """The public functions and methods of a module; none of one that cannot be parsed."""
    try:
        tree = parse(code)
    except SyntaxError:
        return
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for each in inside:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                if not each.name.startswith("_"):
                    yield prefix + each.name, each.args
                elif each.name == "__init__":
                    yield prefix.rstrip("."), each.args


def _accepts(now: ast.arguments, before: ast.arguments) -> bool:
    """Whether every call that fitted the former arguments fits these."""
    old, new = [*before.posonlyargs, *before.args], [*now.posonlyargs, *now.args]
    same = [each.arg for each in new[: len(old)]] == [each.arg for each in old]
    optional = len(now.defaults) >= len(new) - len(old) + len(before.defaults)
    keywords = {each.arg for each in before.kwonlyargs} <= {each.arg for each in (*now.kwonlyargs, *new)}
    needed = {each.arg for each, default in zip(now.kwonlyargs, now.kw_defaults, strict=True) if default is None}
    return same and optional and keywords and needed <= {each.arg for each in before.kwonlyargs}
