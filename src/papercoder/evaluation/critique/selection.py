"""Which files of a repository matter most, where it is too large to be read whole (Paper2Code, section 4.2)."""

import asyncio
from collections.abc import Iterable, Iterator

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, paper_part
from papercoder.artifacts import Paper, SelectedFiles
from papercoder.errors import AnswerError
from papercoder.evaluation.repository_view import Files, Shown, path_lines, show
from papercoder.models.tokens import count_tokens
from papercoder.runs.events import Warned
from papercoder.runs.run import Run

SELECTOR = Agent("select_files", "judge", Json(SelectedFiles), "judge_system")


async def fitted(
    run: Run[Agents], artifact: str, paper: Paper, whose: str, files: Files, sizes: dict[str, int], room: int
) -> Shown:
    """What of `whose` files fits into so many tokens; where not all does, an agent says once what matters most."""
    if sum(sizes.values()) <= room:
        return await asyncio.to_thread(show, files, sizes, room)
    try:
        first = (await run.step(artifact, select_files, paper, whose, sizes)).paths
    except AnswerError as error:
        run.emit(Warned(where=artifact, message=f"{error} The judge reads code first, in the order of the paths."))
        first = ()
    return await asyncio.to_thread(show, files, sizes, room - count_tokens(left_out(sizes)), first)


def left_out(paths: Iterable[str]) -> str:
    """What a judge is told of files that it is not shown, or not whole."""
    return f"Left out for want of room, so neither right nor wrong for you:\n{path_lines(paths)}"


@uses(SELECTOR)
async def select_files(agents: Agents, paper: Paper, whose: str, sizes: dict[str, int]) -> SelectedFiles:
    """Put the files that matter most for the paper's method and experiments first; `sizes`: path -> tokens."""

    def check(selected: SelectedFiles, attempt: int) -> list[str]:
        return list(complaints(selected, sizes, attempt))

    selected = await agents.ask(SELECTOR, whose, (paper_part(paper), _listing(whose, sizes)), check, whose=whose)
    return SelectedFiles(paths=tuple(path for path in dict.fromkeys(selected.paths) if path in sizes))


def complaints(selected: SelectedFiles, paths: Iterable[str], attempt: int) -> Iterator[str]:
    """Paths that do not exist, once; and a selection of none that do."""
    unknown = [path for path in selected.paths if path not in paths]
    if attempt == 0:
        yield from (f"{path[:200]!r} is not in the list." for path in unknown)
    if len(unknown) == len(selected.paths):
        yield "Name at least one file of the list."


def _listing(whose: str, sizes: dict[str, int]) -> Part:
    lines = [f"- {path} ({size} tokens)" for path, size in sizes.items()]
    code = [line for path, line in zip(sizes, lines, strict=True) if path.endswith(".py")]
    title = f"# The files of {whose}"
    return Part("the list of files", tuple(f"{title}\n\n" + "\n".join(form) for form in (lines, code, code[:200])))
