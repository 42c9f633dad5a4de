"""Repair: an agent sees what failed and edits the code; edits that cheat are refused."""

import re
from collections.abc import Iterable

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.context import text_part
from papercoder.agents.edits import SearchReplace, edit_problems
from papercoder.agents.listings import requirement_lines
from papercoder.artifacts import Artifact, Edits, Requirement, SourceFile
from papercoder.repository.packages import imported_as, package_problem
from papercoder.repository.paths import module_problem

REPAIRER = Agent("repair", "repair", SearchReplace())


_TELLING = re.compile(r"FAILED |ERROR |(E\s+)?[\w.]*(Error|Exception|Interrupt|Exit)\b")
_NUMBER = re.compile(r"0x[0-9a-f]+|(?<![A-Za-z_])\d+")


class Failure(Artifact):
    """What went wrong when the repository was run."""

    what: str
    """The step, or who saw it."""

    command: str
    output: str
    """The tail of what it printed."""

    @property
    def signature(self) -> str:
        """What stays the same where the same error comes again: the lines that name errors, else the last one.

        Numbers and addresses do not count, but those within names do.
        """
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        telling = [line for line in lines if _TELLING.match(line)] or lines[-1:]
        return "\n".join(dict.fromkeys(_NUMBER.sub("#", line) for line in telling))


class Attempt(Artifact):
    """Edits that were tried before, and what came of them."""

    edits: Edits
    outcome: str


@uses(REPAIRER)
async def repair(
    agents: Agents,
    failure: Failure,
    files: tuple[SourceFile, ...],
    requirements: tuple[Requirement, ...],
    attempts: tuple[Attempt, ...],
    theirs: tuple[str, ...] = (),
) -> Edits:
    """Edit the repository, `files`, so that what failed works.

    Args:
        agents: asks the agent.
        failure: what was seen.
        files: of the repository.
        requirements: all that it implements.
        attempts: what was tried before.
        theirs: paths of files that the user edited; they stay as they are.
    """
    blamed = files_of(failure, files)
    named = {file.path for file in blamed}
    others = "\n\n".join(_shown(file) for file in files if file.path not in named and file.path.endswith(_EDITABLE))

    def check(edits: Edits, _: int) -> list[str]:
        new = edits.paths - {file.path for file in files}
        allowed = editable(files) | {path for path in new if path.endswith(".py")}
        return [*_hiding(new, files), *edit_problems(files, edits, allowed - set(theirs))]

    return await agents.ask(
        REPAIRER,
        failure.what,
        (
            text_part("Other files", others or "None.", _names(files)),
            text_part("Files that the error names", "\n\n".join(map(_shown, blamed)) or "None."),
        ),
        check,
        what=failure.what,
        command=failure.command,
        output=failure.output,
        attempts=tuple(map(_told, attempts)),
        requirements=requirement_lines(requirements) or "None were extracted.",
        theirs=theirs,
    )


_EDITABLE = (".py", "requirements.txt", "config.smoke.yaml")


def editable(files: tuple[SourceFile, ...]) -> set[str]:
    """The paths that repair may edit; `config.yaml`, the paper's settings, is not among them."""
    return {file.path for file in files if file.path.endswith(_EDITABLE)}


def _hiding(new: Iterable[str], files: tuple[SourceFile, ...]) -> list[str]:
    """New modules that would stand in for a package, which is no way to have it."""
    listed = "\n".join(file.text for file in files if file.path == "requirements.txt").splitlines()
    lines = (line for raw in listed if (line := raw.partition("#")[0].strip()) and not package_problem(line))
    packages = tuple(map(imported_as, lines))
    made = (path for path in sorted(new) if path.endswith(".py"))
    return [f"{reason}." for path in made if (reason := module_problem(path, packages))]


def files_of(failure: Failure, files: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """The files that the output names, or else the entry point."""
    named = tuple(file for file in files if re.search(rf"(?<![\w-]){re.escape(file.path)}\b", failure.output))
    return named or tuple(file for file in files if file.path == "main.py")


def _names(files: tuple[SourceFile, ...]) -> str:
    return "\n".join(f"- `{file.path}`" for file in files)


def _told(attempt: Attempt) -> str:
    return f"{attempt.edits.render()}\n\n{attempt.outcome}"


def _shown(file: SourceFile) -> str:
    return f"`{file.path}`:\n\n````\n{file.text}````"
