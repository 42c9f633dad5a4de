"""A repository as a judge reads it: the tree, relevant files that fit into the context, and what execution showed.

Claims of the repository itself do not count.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, Field, ValidationError

from papercoder.agents.listings import numbered_code
from papercoder.artifacts import ExecutionReport, SourceFile, StepResult, TaskCategory
from papercoder.errors import RunFolderError
from papercoder.files.regular import is_file, read_bytes, read_text
from papercoder.models.contract import count_tokens
from papercoder.repository.files import own_files, read_files
from papercoder.runs.event_log import LOG
from papercoder.runs.folder import load
from papercoder.text.fences import fence

_REPORT = "execution/report.json"
_CLAIM_RESULTS = "reproduction/claims.json"
_TAIL = 4_000
"""Characters at the end of a command's output."""

_LONGEST = 40_000
"""Characters of a log or results; longer ones lose their middle."""

OBSERVED_FILES = frozenset({"reproduce.log", "results.json"})
"""Names by which an answer may cite observations."""

NOTHING_EXECUTED = "not met: nothing was executed"
NO_RESULTS = "not met: there are no results of a full reproduction"


@dataclass(frozen=True)
class Observations:
    """The execution report of a run, or the log and results of an executed submission as in PaperBench."""

    report: ExecutionReport | None = None
    log: str = ""
    """Output of `reproduce.sh`."""

    results: str = ""
    """The claims with what trials measured, or a submission's `results.json`."""

    @property
    def executed(self) -> bool:
        """Whether anything was executed."""
        return self.report.observed if self.report else bool(self.log.strip())

    @property
    def reproduced(self) -> bool:
        """Whether anything was measured; a submission's log may contain results."""
        if self.report:
            return bool(self.results.strip())
        return self.executed

    def unmet(self, category: TaskCategory) -> str:
        """Why leaves of this category are not met without asking a judge; empty if a judge is needed."""
        if category == "Code Development":
            return ""
        if not self.executed:
            return NOTHING_EXECUTED
        return NO_RESULTS if category == "Result Analysis" and not self.reproduced else ""

    def render(self) -> str:
        """Text for a judge."""
        steps = [part for step in (self.report.steps if self.report else ()) for part in _step(step)]
        parts = [*steps, *_fenced("Output of `reproduce.sh`", self.log)]
        return "\n\n".join([*parts, *_fenced("Results", self.results)])


def load_observations(repository: Path) -> Observations:
    """Observations of a repository: from its run if it is `RUN/repo`, otherwise from files in the repository.

    For a run, only PaperCoder's own execution report counts. For other repositories, `reproduce.log` counts as the
    output of the submission, as in PaperBench; `results.json` counts only if the log exists.

    Raises:
        RunFolderError: a file cannot be read or the run's report is invalid.
    """
    run = repository.resolve().parent
    if repository.resolve().name == "repo" and is_file(run, _REPORT):
        report = load(run, _REPORT, ExecutionReport)
        return Observations(report=report, results=read_text(run, _CLAIM_RESULTS) or "")
    if repository.resolve().name == "repo" and is_file(run, LOG):
        return Observations()
    log = read_text(repository, "reproduce.log") or ""
    return Observations(log=log, results=(read_text(repository, "results.json") or "") if log.strip() else "")


def _step(step: StepResult) -> Iterator[str]:
    command = f" (`{step.command}`)" if step.command else ""
    took = f", {step.seconds:.1f} s" if step.status != "skipped" else ""
    yield f"- {step.step}{command}: {step.status.replace('_', ' ')}{took}. {step.reason}".strip()
    yield from _fenced(f"End of the output of {step.step}", step.output[-_TAIL:])


def _fenced(title: str, text: str) -> Iterator[str]:
    if text.strip():
        yield f"{title}:\n\n{fence(_middle_omitted(text))}"


def _middle_omitted(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters omitted]\n{text[-half:]}"


_CODE = frozenset({".py", ".pyx", ".ipynb", ".sh", ".bash"})
_FOREIGN_CODE = frozenset({".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".hpp", ".jl", ".lua", ".m", ".r", ".R", ".rs"})
_SETTINGS = frozenset({".yaml", ".yml", ".toml", ".cfg", ".ini", ".gin"})
_DOCUMENTS = frozenset({".md", ".rst", ".txt", ".json"})
JUDGED = _CODE | _FOREIGN_CODE | _SETTINGS | _DOCUMENTS
"""File suffixes that a judge may read."""

_OWN_CLAIMS = frozenset({"TRACEABILITY.json", "TRACEABILITY.md"})
"""PaperCoder's own claims about its repositories: long, and not evidence."""

_LISTED = 4000
"""Tokens of a list of paths; further paths are only counted."""

_LARGEST_NOTEBOOK = 20_000_000
"""Bytes; embedded pictures make notebooks large."""

_MOST_NOTEBOOK_CODE = 200_000
"""Characters; longer code is data."""

Files = tuple[SourceFile, ...]


@dataclass(frozen=True)
class Excerpt:
    """The files of a repository that fit into a number of tokens."""

    text: str
    omitted: tuple[str, ...]
    """Paths of the files that are missing or truncated."""


def judged_files(repository: Path) -> Files:
    """The files of a repository that a judge may read; empty if the folder is empty or missing."""
    read = read_files(repository, JUDGED - {".ipynb"}, every_name=True)
    texts = [file.model_copy(update={"path": _printable(file.path)}) for file in read]
    notebooks = [notebook(repository, path) for path in own_files(repository)]
    files = (file for file in (*texts, *filter(None, notebooks)) if file.path not in _OWN_CLAIMS)
    return tuple(sorted(files, key=lambda file: PurePosixPath(file.path)))


def paths_of(repository: Path) -> tuple[str, ...]:
    """The paths of all files of a repository, including those that no judge reads."""
    return tuple(map(_printable, own_files(repository)))


def _printable(name: str) -> str:
    """A file's name on one line and in UTF-8, with other characters escaped."""
    return name if name.isprintable() else name.encode("unicode_escape").decode("ascii")


def tree(repository: Iterable[str]) -> str:
    """The number of files and their paths, so that a judge gives no credit for missing files (P2C-Ex)."""
    paths = sorted(repository)
    count = f"{len(paths)} file{'' if len(paths) == 1 else 's'}"
    return f"{count}:\n{path_lines(paths)}" if paths else f"{count}."


def path_lines(paths: Iterable[str]) -> str:
    """One line per path; a long list ends with the number of further paths."""
    lines = [f"- {path}" for path in paths]
    room, listed = _LISTED, 0
    while listed < len(lines) and (room := room - count_tokens(lines[listed]) - 1) >= 0:
        listed += 1
    more = len(lines) - listed
    return "\n".join([*lines[:listed], *([f"- and {more} more"] if more else [])])


def omitted_note(paths: Iterable[str]) -> str:
    """Tells a judge which files are missing or truncated."""
    return f"These files were omitted or truncated to fit the context. Do not judge their content:\n{path_lines(paths)}"


def size(file: SourceFile) -> int:
    """Tokens of a file with line numbers."""
    return count_tokens(numbered_code(file)) + 1


def sizes_of(files: Files) -> dict[str, int]:
    """Path -> tokens of the file with line numbers."""
    return {file.path: size(file) for file in files}


def excerpt(files: Files, sizes: Mapping[str, int], room: int, first: Iterable[str] = ()) -> Excerpt:
    """As many files as fit into `room` tokens, with line numbers.

    The files in `first` come first, then code, settings and documents. If the first file alone is too large, its
    beginning is included. The caller counts `sizes` once, because counting tokens is slow.
    """
    rank = {path: place for place, path in enumerate(first)}
    texts: list[str] = []
    omitted: list[str] = []
    for file in sorted(files, key=lambda file: (rank.get(file.path, len(rank)), _kind(file), file.path)):
        taken = sizes[file.path]
        if taken <= room:
            texts.append(numbered_code(file))
            room -= taken
            continue
        omitted.append(file.path)
        if not texts and (cut := _beginning(file, room))[0]:
            texts.append(cut[0])
            room -= cut[1]
    return Excerpt("\n\n".join(texts), tuple(omitted))


def _kind(file: SourceFile) -> int:
    suffix = PurePosixPath(file.path).suffix
    return next((kind for kind, endings in enumerate((_CODE, _FOREIGN_CODE, _SETTINGS)) if suffix in endings), 3)


def _beginning(file: SourceFile, room: int) -> tuple[str, int]:
    """As many of a file's first lines as fit, and their tokens; empty if none fits."""
    lines = file.text.splitlines(keepends=True)

    def taken(count: int) -> int:
        return count_tokens(_rest_omitted(file, lines[:count])) + 1

    fitting = bisect_right(range(1, len(lines)), room, key=taken)
    return (_rest_omitted(file, lines[:fitting]), taken(fitting)) if fitting else ("", 0)


def _rest_omitted(file: SourceFile, lines: list[str]) -> str:
    return f"{numbered_code(file.model_copy(update={'text': ''.join(lines)}))}\n\nThe rest of this file is omitted."


class _Cell(BaseModel):
    cell_type: str
    source: str | list[str] = ""

    @property
    def code(self) -> str:
        """Empty for other kinds of cells."""
        return "".join(self.source).strip() if self.cell_type == "code" else ""


class _Notebook(BaseModel):
    cells: list[_Cell] = Field(default_factory=list)


def notebook(repository: Path, path: str) -> SourceFile | None:
    """The code of a notebook without outputs; None if the file is not a notebook, has no code or is too large."""
    if not path.endswith(".ipynb"):
        return None
    try:
        cells = _Notebook.model_validate_json(read_bytes(repository, path, _LARGEST_NOTEBOOK) or b"").cells
    except (RunFolderError, ValidationError):
        return None
    code = [cell.code for cell in cells if cell.code]
    text = "".join(f"# In [{number}]\n{cell}\n\n" for number, cell in enumerate(code, 1)).removesuffix("\n")
    return SourceFile(path=_printable(path), text=text) if 0 < len(text) <= _MOST_NOTEBOOK_CODE else None
