"""Repair: an agent sees what failed and edits the code; edits that cheat are rejected."""

import re
from collections.abc import Iterable

from papercoder.agents.agent import NO_CONVENTIONS, WITH_TRIALS, Agent, Agents, uses
from papercoder.agents.context import text_part
from papercoder.agents.edits import SearchReplace, edit_problems
from papercoder.agents.listings import requirement_lines, signatures_of
from papercoder.artifacts import Artifact, Edits, Requirement, SourceFile
from papercoder.artifacts.design import ENTRY, EXPERIMENTS, package_of
from papercoder.repository.code_graph import import_closure
from papercoder.repository.files import RUNNER, module_problem
from papercoder.repository.packages import imported_as, package_problem
from papercoder.repository.traceability import marks
from papercoder.text.fences import code_block, fence
from papercoder.text.markdown import code

REPAIRER = Agent("repair", "repair", SearchReplace(), WITH_TRIALS)
FOREIGN_REPAIRER = Agent("repair", "repair", SearchReplace(), NO_CONVENTIONS)
"""Repairs repositories that do not follow the conventions."""


Files = tuple[SourceFile, ...]

_ERROR_LINE = re.compile(r"FAILED |ERROR |(E\s+)?[\w.]*(Error|Exception|Interrupt|Exit)\b")
_NUMBER = re.compile(r"0x[0-9a-f]+|(?<![A-Za-z_])\d+")


class Failure(Artifact):
    """A failure of the repository when it ran."""

    what: str
    """The execution step, or who reported it."""

    command: str
    output: str
    """The end of its output."""

    @property
    def signature(self) -> str:
        """Identifies an error when it occurs again: the lines that name errors, or else the last line.

        Numbers and addresses are masked, except within names.
        """
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        named = [line for line in lines if _ERROR_LINE.match(line)] or lines[-1:]
        return "\n".join(dict.fromkeys(_NUMBER.sub("#", line) for line in named))


class Attempt(Artifact):
    """Edits that were tried before, and their outcome."""

    edits: Edits
    outcome: str


@uses(REPAIRER, FOREIGN_REPAIRER)
async def repair(
    agents: Agents,
    failure: Failure,
    files: Files,
    requirements: tuple[Requirement, ...],
    attempts: tuple[Attempt, ...],
    theirs: tuple[str, ...] = (),
) -> Edits:
    """Edit the repository so that what failed works.

    Args:
        agents: runs the agent.
        failure: what failed.
        files: all files of the repository.
        requirements: all that it implements; the agent reads those of the code that it sees.
        attempts: earlier edits and their outcomes.
        theirs: paths of files that the user edited; they are not changed.
    """
    allowed = editable(files)
    blamed = files_of(failure, files)
    imported, others = _around(blamed, tuple(file for file in files if file.path in allowed))

    def check(edits: Edits, _: int) -> list[str]:
        new = edits.paths - {file.path for file in files}
        may_edit = allowed | {path for path in new if path.endswith(".py")}
        return [*_hidden_packages(new, files), *edit_problems(files, edits, may_edit - set(theirs))]

    marked = {name for file in (*blamed, *imported) for name in marks(file.text)}
    has_trials = any(file.path == RUNNER for file in files)
    return await agents.ask(
        REPAIRER if has_trials else FOREIGN_REPAIRER,
        failure.what,
        (
            text_part(
                "Other files, without their code", "\n\n".join(map(signatures_of, others)) or "None.", _names(files)
            ),
            text_part("What the files below import, packages, settings", "\n\n".join(map(_file_text, imported)), ""),
            text_part("Files that the error names", "\n\n".join(map(_file_text, blamed)) or "None."),
        ),
        check,
        what=failure.what,
        command=fence(failure.command),
        output=fence(failure.output),
        attempts=tuple(map(_attempt_text, attempts)),
        requirements=requirement_lines(item for item in requirements if item.id in marked) or "None.",
        theirs=theirs,
        has_trials=has_trials,
    )


def _around(blamed: Files, editable_files: Files) -> tuple[Files, Files]:
    """Of the other files, what the blamed ones import, packages and settings; and the rest."""
    named = {file.path for file in blamed}
    used = {file.path for path in named if path.endswith(".py") for file in import_closure(editable_files, path)}
    others = [file for file in editable_files if file.path not in named]
    near = tuple(file for file in others if file.path in used or not file.path.endswith(".py"))
    return near, tuple(file for file in others if file not in near)


_EDITABLE = (".py", "requirements.txt", "config.smoke.yaml")


def editable(files: Files) -> set[str]:
    """The paths that repair may edit; not `config.yaml`, which has the paper's settings, nor the given runner."""
    given = {ENTRY, RUNNER} if any(file.path == RUNNER for file in files) else set()
    return {file.path for file in files if file.path.endswith(_EDITABLE)} - given


def _hidden_packages(new: Iterable[str], files: Files) -> list[str]:
    """Problems with new modules that hide a package."""
    listed = "\n".join(file.text for file in files if file.path == "requirements.txt").splitlines()
    lines = (line for raw in listed if (line := raw.partition("#")[0].strip()) and not package_problem(line))
    packages = tuple(map(imported_as, lines))
    made = (path for path in sorted(new) if path.endswith(".py"))
    return [f"{reason}." for path in made if (reason := module_problem(path, packages))]


def files_of(failure: Failure, files: Files) -> Files:
    """The editable files that the output names, or else the experiments or `main.py`."""
    known = tuple(file for file in files if file.path in editable(files))
    named = tuple(file for file in known if re.search(rf"(?<![\w-]){re.escape(file.path)}\b", failure.output))
    starts = {ENTRY, f"{package_of(files)}/{EXPERIMENTS}"}
    return named or tuple(file for file in known if file.path in starts)


def _names(files: Files) -> str:
    return "\n".join(f"- {code(file.path)}" for file in files)


def _attempt_text(attempt: Attempt) -> str:
    return f"{attempt.edits.render()}\n\n{attempt.outcome}"


def _file_text(file: SourceFile) -> str:
    return f"{code(file.path)}:\n\n{code_block(file.text)}"
