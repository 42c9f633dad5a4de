"""Controls: repositories derived from the judged one, whose scores must be in a known order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from papercoder.artifacts import ControlName, MissingControl, SourceFile
from papercoder.evaluation.repository_view import Files
from papercoder.repository.mutations import mutate

_CODE = frozenset({".py", ".sh", ".bash"})
_CONFIGURATION = frozenset({".yaml", ".yml", ".toml", ".cfg"})


@dataclass(frozen=True)
class Control:
    """A repository that is judged like the real one."""

    name: ControlName
    made: str
    """How it was made."""

    files: Files
    paths: tuple[str, ...]
    """All its files, including those that no judge reads."""


class _NotApplicable(Exception):
    """A control cannot be made from this repository; the message gives the reason."""


@dataclass(frozen=True)
class _Repository:
    files: Files
    paths: tuple[str, ...]


def controls(
    files: Files, paths: tuple[str, ...], authors: Control | None = None
) -> tuple[tuple[Control, ...], tuple[MissingControl, ...]]:
    """Make the controls of a repository, deterministically, and list those that cannot be made.

    Args:
        files: the files that a judge may read.
        paths: all files.
        authors: the control with the authors' repository, if there is one.
    """
    repository, made, missing = _Repository(files, paths), list[Control](), list[MissingControl]()
    for name, make in _MAKERS.items():
        try:
            control = make(repository)
        except _NotApplicable as reason:
            missing.append(MissingControl(control=name, reason=str(reason)))
        else:
            made.append(control)
    return (*made, *([authors] if authors else [])), tuple(missing)


def authors_control(gold: Files, paths: tuple[str, ...]) -> Control:
    """The authors' repository, judged like the generated one."""
    return Control("authors", "the authors' repository", gold, paths)


def _empty(repository: _Repository) -> Control:
    """Some judges praise an empty repository, such as the plain reference-free one."""
    if not repository.files:
        raise _NotApplicable("the repository has no file that a judge reads")
    return Control("empty", "without any file", (), ())


def _config_only(repository: _Repository) -> Control:
    """Settings and package lists name much of a paper but do nothing; the README is removed, as it describes code."""
    kept = tuple(file for file in repository.files if _is_configuration(file.path))
    if not kept:
        raise _NotApplicable("the repository has no configuration")
    if len(kept) == len(repository.files):
        raise _NotApplicable("the repository has only configuration")
    paths = tuple(file.path for file in kept)
    return Control("config-only", f"only {', '.join(paths)}", kept, paths)


def _is_configuration(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    listed = name.startswith("requirements") and name.endswith(".txt")
    return listed or PurePosixPath(name).suffix in _CONFIGURATION or (name.endswith(".json") and "config" in name)


def _shuffled(repository: _Repository) -> Control:
    """All code is there, but file names do not match their content and imports fail."""
    contents = {file.path: file.text for file in _code(repository)}
    if len(set(contents.values())) < 2:
        raise _NotApplicable("the repository has fewer than two different code files")
    texts = list(contents.values())
    moved = dict(zip(contents, [*texts[1:], texts[0]], strict=True))
    files = tuple(SourceFile(path=file.path, text=moved.get(file.path, file.text)) for file in repository.files)
    made = f"each of the {len(moved)} code files has the content of the next one"
    return Control("shuffled", made, files, repository.paths)


def _code(repository: _Repository) -> Iterator[SourceFile]:
    """Non-empty code files, sorted by suffix and path."""
    code = (file for file in repository.files if PurePosixPath(file.path).suffix in _CODE and file.text.strip())
    return iter(sorted(code, key=lambda file: (PurePosixPath(file.path).suffix, file.path)))


def _mutated(repository: _Repository) -> Control:
    """The hardest control: one sign or operator of the method is wrong."""
    mutation = mutate(repository.files)
    if mutation is None:
        raise _NotApplicable("no Python function has arithmetic to change")
    return Control("mutated", mutation.where, mutation.files, repository.paths)


_MAKERS: dict[ControlName, Callable[[_Repository], Control]] = {
    "empty": _empty,
    "config-only": _config_only,
    "shuffled": _shuffled,
    "mutated": _mutated,
}
