"""The manifest of a study: papers, the repositories to compare, and what gives their makers away."""

from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from papercoder.artifacts import Artifact
from papercoder.errors import SettingsError
from papercoder.files.regular import is_file
from papercoder.paper.addresses import online_source
from papercoder.runs.folder import read_given_text
from papercoder.text.yaml_text import InvalidYaml, load_yaml

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([._-]?[A-Za-z0-9]+)*$", max_length=60)]
"""Safe as the name of a file."""

Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$", strip_whitespace=True, max_length=200)]


class Candidate(Artifact):
    """A repository of a paper."""

    maker: Line
    repository: Path
    """A repository, or the folder of a run."""

    evaluation: Path | None = None
    """Made by `papercoder eval`: `evaluation.json` or its folder. It may be made later."""

    leave_out: tuple[str, ...] = ()
    """Patterns of files that only say who made it, such as `docs/*`."""

    replace: dict[str, str] = Field(default_factory=dict)
    """Text -> its replacement, in names and contents of files."""

    allow: tuple[str, ...] = ()
    """Lines with one of these texts are not traces of a maker."""


class PaperEntry(Artifact):
    """A paper with its repositories."""

    id: Name
    paper: str
    """A file or folder, or an arXiv id in quotes."""

    checklist: Path | None = None
    """A run folder, or a file with `items`: requirements, or entries with `part` and `text`."""

    most_items: Annotated[int, Field(ge=1, le=60)] = 12
    """Components that participants check."""

    repositories: Annotated[tuple[Candidate, ...], Field(min_length=2, max_length=6)]


class Manifest(Artifact):
    """A study, as its researcher describes it."""

    title: Line
    contact: Line
    wait_for: Annotated[int, Field(ge=1, le=10_000)] = 2
    """Complete questionnaires before the key is opened."""

    seed: int | None = None
    introduction: str = ""
    hide: tuple[Line, ...] = ()
    """Further names that give a maker away."""

    papers: Annotated[tuple[PaperEntry, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if double := _double(paper.id for paper in self.papers):
            raise ValueError(f"two papers have the id {double}")
        for paper in self.papers:
            if double := _double(each.maker for each in paper.repositories):
                raise ValueError(f"the paper {paper.id} has two repositories by {double}; give them different makers")
        return self


def _double(names: Iterator[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)


def example() -> str:
    """An example manifest, with comments."""
    return files("papercoder.evaluation.study").joinpath("manifest.yaml").read_text(encoding="utf-8")


def load_manifest(path: Path) -> Manifest:
    """Read a manifest. Paths in it are relative to its folder; in the result they are absolute.

    Raises:
        SettingsError: the file is missing, or something in it is wrong.
    """
    text = None if path.is_dir() else read_given_text(path)
    if text is None:
        raise SettingsError(f"{path}: the manifest does not exist. `papercoder study example` prints one.")
    try:
        manifest = Manifest.model_validate(load_yaml(text))
    except InvalidYaml as error:
        raise SettingsError(f"{path}, line {error.line}: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ", ".join(f"entry {part + 1}" if isinstance(part, int) else str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        advice = "See `papercoder study example`."
        raise SettingsError(f"{path}{f', {place}' if place else ''}: {said}. {advice}") from error
    resolved = _with_absolute_paths(manifest, path.resolve().parent)
    if mistake := next(_mistakes(resolved), None):
        raise SettingsError(f"{path}: {mistake} Paths are relative to the manifest.")
    return resolved


def _with_absolute_paths(manifest: Manifest, folder: Path) -> Manifest:
    papers = []
    for paper in manifest.papers:
        local = folder / paper.paper
        candidates = tuple(
            each.model_copy(
                update={
                    "repository": _repository(folder / each.repository),
                    "evaluation": folder / each.evaluation if each.evaluation else None,
                }
            )
            for each in paper.repositories
        )
        update = {
            "paper": paper.paper if online_source(paper.paper) and not local.exists() else str(local),
            "checklist": folder / paper.checklist if paper.checklist else None,
            "repositories": candidates,
        }
        papers.append(paper.model_copy(update=update))
    return manifest.model_copy(update={"papers": tuple(papers)})


def _repository(folder: Path) -> Path:
    """The repository itself where a run is given."""
    return folder / "repo" if is_file(folder, "paper.json") and (folder / "repo").is_dir() else folder


def _mistakes(manifest: Manifest) -> Iterator[str]:
    for paper in manifest.papers:
        if not online_source(paper.paper) and not Path(paper.paper).exists():
            yield f"the paper {paper.paper} does not exist."
        if paper.checklist and not paper.checklist.exists():
            yield f"the checklist {paper.checklist} does not exist."
        for each in paper.repositories:
            if not each.repository.is_dir():
                yield f"{each.repository} is not a folder. Give the repository by {each.maker}."
