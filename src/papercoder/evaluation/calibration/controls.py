"""Controls: repositories made from the one to be judged, of which it is known how they compare with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from papercoder.artifacts import ControlName, MissingControl, SourceFile
from papercoder.evaluation.calibration.mutation import mutate
from papercoder.evaluation.repository_view import Files

_CODE = frozenset({".py", ".sh", ".bash"})
_CONFIGURATION = frozenset({".yaml", ".yml", ".toml", ".cfg"})


@dataclass(frozen=True)
class Control:
    """A repository to be judged beside the real one."""

    name: ControlName
    made: str
    """How."""

    files: Files
    paths: tuple[str, ...]
    """Of all its files, also of those that no judge reads."""


class _Unmakeable(Exception):
    """Why a control cannot be made of this repository."""


@dataclass(frozen=True)
class _Repository:
    files: Files
    paths: tuple[str, ...]


def controls(
    files: Files, paths: tuple[str, ...], authors: Control | None = None
) -> tuple[tuple[Control, ...], tuple[MissingControl, ...]]:
    """The controls of a repository, and those that it allows not to be made; `authors` where theirs is at hand.

    The same repository gives the same controls.
    """
    repository, made, missing = _Repository(files, paths), list[Control](), list[MissingControl]()
    for name, make in _MAKERS.items():
        try:
            control = make(repository)
        except _Unmakeable as reason:
            missing.append(MissingControl(control=name, reason=str(reason)))
        else:
            made.append(control)
    return (*made, *([authors] if authors else [])), tuple(missing)


def authors_control(gold: Files, paths: tuple[str, ...]) -> Control:
    """The authors' own repository, judged as if it were the generated one."""
    return Control("authors", "the authors' repository", gold, paths)


def _empty(repository: _Repository) -> Control:
    """What praises nothing praises an empty repository; the plain reference-free judge is known to."""
    if not repository.files:
        raise _Unmakeable("the repository itself has no file that a judge reads")
    return Control("empty", "no file is left", (), ())


def _config_only(repository: _Repository) -> Control:
    """Settings and packages say much of a paper and do nothing; the README goes too, since it speaks for code."""
    kept = tuple(file for file in repository.files if _is_configuration(file.path))
    if not kept:
        raise _Unmakeable("the repository has no configuration")
    if len(kept) == len(repository.files):
        raise _Unmakeable("the repository has nothing but configuration")
    paths = tuple(file.path for file in kept)
    return Control("config-only", f"only {', '.join(paths)} left", kept, paths)


def _is_configuration(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    listed = name.startswith("requirements") and name.endswith(".txt")
    return listed or PurePosixPath(name).suffix in _CONFIGURATION or (name.endswith(".json") and "config" in name)


def _shuffled(repository: _Repository) -> Control:
    """All words of the code are there, but no file is what its name says and no import finds what it names."""
    contents = {file.path: file.text for file in _code(repository)}
    if len(set(contents.values())) < 2:
        raise _Unmakeable("the repository has fewer than two files of code that differ")
    texts = list(contents.values())
    moved = dict(zip(contents, [*texts[1:], texts[0]], strict=True))
    files = tuple(SourceFile(path=file.path, text=moved.get(file.path, file.text)) for file in repository.files)
    made = f"each of the {len(moved)} files of code holds what the next one held"
    return Control("shuffled", made, files, repository.paths)


def _code(repository: _Repository) -> Iterator[SourceFile]:
    """Files of code with something in them, those of a kind beside each other."""
    code = (file for file in repository.files if PurePosixPath(file.path).suffix in _CODE and file.text.strip())
    return iter(sorted(code, key=lambda file: (PurePosixPath(file.path).suffix, file.path)))


def _mutated(repository: _Repository) -> Control:
    """The hardest: everything is in its place, and one sign or operator of the method is wrong."""
    mutation = mutate(repository.files)
    if mutation is None:
        raise _Unmakeable("no function of its Python files computes anything that could be made wrong")
    return Control("mutated", mutation.where, mutation.files, repository.paths)


_MAKERS: dict[ControlName, Callable[[_Repository], Control]] = {
    "empty": _empty,
    "config-only": _config_only,
    "shuffled": _shuffled,
    "mutated": _mutated,
}
