"""Repair: an agent sees what failed and edits the code; edits that cheat are refused."""

import re

from papercoder.agent import Agent, Ask, uses
from papercoder.artifacts import Artifact, Edits, Requirement, SourceFile
from papercoder.context import text_part
from papercoder.edits import SearchReplace, refusals
from papercoder.lines import requirement_lines

REPAIRER = Agent("repair", "repair", SearchReplace())


class Failure(Artifact):
    """What went wrong when the repository was run."""

    what: str
    """The rung, or who saw it."""

    command: str
    output: str
    """The tail of what it printed."""

    @property
    def signature(self) -> str:
        """What stays the same where the same error comes again: its last line, without numbers and addresses."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return re.sub(r"0x[0-9a-f]+|\d+", "#", lines[-1]) if lines else ""


class Attempt(Artifact):
    """Edits that were tried before, and what came of them."""

    edits: Edits
    outcome: str


@uses(REPAIRER)
async def repair(
    ask: Ask,
    failure: Failure,
    files: tuple[SourceFile, ...],
    requirements: tuple[Requirement, ...],
    attempts: tuple[Attempt, ...],
) -> Edits:
    """Edit the repository, `files`, so that what failed works; `requirements` are all that it implements."""
    blamed = files_of(failure, files)
    named = {file.path for file in blamed}
    others = "\n\n".join(_shown(file) for file in files if file.path not in named and file.path.endswith(_EDITABLE))

    def check(edits: Edits, _: int) -> list[str]:
        return refusals(files, edits, editable(files) | {path for path in edits.paths if path.endswith(".py")})

    return await ask(
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
    )


_EDITABLE = (".py", "requirements.txt", "config.smoke.yaml")


def editable(files: tuple[SourceFile, ...]) -> set[str]:
    """The paths that repair may edit; `config.yaml`, the paper's settings, is not among them."""
    return {file.path for file in files if file.path.endswith(_EDITABLE)}


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
