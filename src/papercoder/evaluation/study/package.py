"""Builds a study from its manifest: blinds the repositories, rejects traces of makers, writes the files to send."""

import hashlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path, PurePosixPath
from random import Random
from string import ascii_uppercase
from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

from papercoder.artifacts import (
    Artifact,
    KeyEntry,
    LanguageSize,
    Paper,
    SourceFile,
    Study,
    StudyKey,
    StudyPaper,
    StudyRepository,
)
from papercoder.errors import RunFolderError, SettingsError
from papercoder.evaluation.repository_view import JUDGED, notebook
from papercoder.evaluation.study.answers import KEY, PACKAGE, PAGE, STUDY
from papercoder.evaluation.study.pages import PageCode, PagePaper, page_html
from papercoder.evaluation.study.questionnaire import INTRODUCTION, components, questions
from papercoder.evaluation.study.traces import LEFT_OUT, names_pattern, traces, without_traces
from papercoder.files.regular import is_file, write
from papercoder.paper.addresses import online_source
from papercoder.paper.reading import read_within_limits
from papercoder.repository.files import own_files, read_files
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


_LARGEST_PDF = 10 * 2**20
_MOST_TRACES = 12


@dataclass(frozen=True)
class Blinded:
    """A repository without its maker."""

    candidate: Candidate
    files: tuple[SourceFile, ...]
    others: tuple[str, ...]
    """Names of files that are not text."""

    left_out: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True)
class NewStudy:
    """A study that was written."""

    study: Study
    pages: tuple[Path, ...]
    """The files to send: all papers, then each paper by itself if there are several."""


def new_study(manifest: Manifest, folder: Path) -> NewStudy:
    """Make a study and write it into a new folder.

    Raises:
        SettingsError: something may tell who made a repository (with file and line), or a repository has no files.
        RunFolderError: the folder exists and is not empty, or cannot be written.
        PaperError: a paper cannot be read.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError(f"{folder} already exists. Choose another folder with -o, or delete it.")
    seed = secrets.randbelow(2**32) if manifest.seed is None else manifest.seed
    makers = dict.fromkeys(each.maker for entry in manifest.papers for each in entry.repositories)
    blinded = {entry.id: _blind_all(entry, tuple(makers), manifest.hide, seed) for entry in manifest.papers}
    if problems := [problem for entry in manifest.papers for problem in _told(entry, blinded[entry.id], manifest)]:
        shown = "\n".join(f"  {problem}" for problem in problems[:_MOST_TRACES])
        more = f"\n  and {len(problems) - _MOST_TRACES} more" if len(problems) > _MOST_TRACES else ""
        raise SettingsError(
            "Nothing was written, because these places may tell who made a repository. Add `leave_out`, `replace` or "
            f"`allow` to its entry in the manifest:\n{shown}{more}"
        )
    key = StudyKey(
        study=secrets.token_hex(6),
        salt=secrets.token_hex(32),
        seed=seed,
        entries=tuple(_entry(paper, name, each) for paper, own in blinded.items() for name, each in own.items()),
    )
    read = {entry.id: read_within_limits(entry.paper) for entry in manifest.papers}
    sealed = key.model_dump_json(indent=1) + "\n"
    study = Study(
        id=key.study,
        title=manifest.title,
        introduction=manifest.introduction.strip() or INTRODUCTION,
        contact=manifest.contact,
        wait_for=manifest.wait_for,
        key_sha256=hashlib.sha256(sealed.encode()).hexdigest(),
        papers=tuple(_study_paper(entry, read[entry.id], blinded[entry.id]) for entry in manifest.papers),
    )
    shown_papers = [_page_paper(entry, read[entry.id], blinded[entry.id]) for entry in manifest.papers]
    pages = _write(folder, study, shown_papers, blinded)
    write(folder, KEY, sealed, mode=0o600)
    write(folder, STUDY, study.model_dump_json(indent=1) + "\n")
    return NewStudy(study, tuple(folder / page for page in pages))


def _blind_all(entry: PaperEntry, makers: tuple[str, ...], hide: tuple[str, ...], seed: int) -> dict[str, Blinded]:
    """Neutral name -> repository; names and order are drawn for each paper by itself."""
    candidates = list(entry.repositories)
    Random(f"{seed}:{entry.id}").shuffle(candidates)  # noqa: S311, an order and no secret
    return {name: _blind(each, makers, hide) for name, each in zip(ascii_uppercase, candidates, strict=False)}


def _blind(candidate: Candidate, makers: tuple[str, ...], hide: tuple[str, ...]) -> Blinded:
    """The repository without hidden files, git history and traces; notebooks become their code."""
    names, repository = names_pattern(makers, hide), candidate.repository
    paths = own_files(repository)
    left_out = {path for path in paths if _matches(path, (*LEFT_OUT, *candidate.leave_out))}
    texts = [file for file in read_files(repository, JUDGED | {""}) if "\0" not in file.text]
    texts = [file for file in texts if not file.path.endswith(".ipynb")]
    texts += [found for path in paths if (found := notebook(repository, path))]
    shown = sorted((file for file in texts if file.path not in left_out), key=lambda file: file.path)
    files = tuple(without_traces(file, names, candidate.replace) for file in shown)
    seen = {file.path for file in shown} | left_out
    return Blinded(
        candidate,
        files,
        others=tuple(path for path in paths if path not in seen),
        left_out=tuple(sorted(left_out)),
        changed=tuple(old.path for old, new in zip(shown, files, strict=True) if old != new),
    )


def _matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern fits the path or the file's name; a pattern with a folder fits the path only."""
    return any(fnmatch(path if "/" in each else PurePosixPath(path).name, each) for each in patterns)


def _told(entry: PaperEntry, blinded: dict[str, Blinded], manifest: Manifest) -> list[str]:
    names = names_pattern((each.maker for each in entry.repositories), manifest.hide)
    problems = []
    for each in blinded.values():
        where = f"{entry.id}, {each.candidate.maker}"
        if not any(file.text.strip() for file in each.files):
            problems.append(f"{where}: {each.candidate.repository} has no file that can be shown")
        for trace in traces(each.files, each.others, names, each.candidate.allow):
            place = f"{trace.path}:{trace.line}" if trace.line else "the name of a file"
            problems.append(f"{where}: {place}: {trace.text[:120]}")
    return problems


def _entry(paper: str, name: str, blinded: Blinded) -> KeyEntry:
    return KeyEntry(
        paper=paper,
        repository=name,
        maker=blinded.candidate.maker,
        source=str(blinded.candidate.repository),
        evaluation=str(blinded.candidate.evaluation or ""),
        left_out=blinded.left_out,
        changed=blinded.changed,
    )


def _study_paper(entry: PaperEntry, paper: Paper, blinded: dict[str, Blinded]) -> StudyPaper:
    return StudyPaper(
        id=entry.id,
        title=paper.title or entry.id,
        repositories=tuple(StudyRepository(name=name, languages=_sizes(each.files)) for name, each in blinded.items()),
        questions=questions(components(entry.checklist, entry.most_items), len(blinded)),
    )


def _sizes(files: Iterable[SourceFile]) -> tuple[LanguageSize, ...]:
    lines = defaultdict[str, list[int]](list)
    for file in files:
        try:
            language = get_lexer_for_filename(file.path).name
        except ClassNotFound:
            language = "other text"
        lines[language].append(len(file.text.splitlines()))
    sizes = (LanguageSize(language=name, files=len(each), lines=sum(each)) for name, each in lines.items())
    return tuple(sorted(sizes, key=lambda size: (-size.lines, size.language)))


def _page_paper(entry: PaperEntry, paper: Paper, blinded: dict[str, Blinded]) -> PagePaper:
    source = Path(entry.paper)
    is_pdf = paper.source == "pdf" and source.is_file() and source.stat().st_size <= _LARGEST_PDF
    return PagePaper(
        id=entry.id,
        paper=paper,
        pdf=source.read_bytes() if is_pdf else b"",
        code=tuple(PageCode(name, each.files, each.others) for name, each in blinded.items()),
    )


def _write(
    folder: Path, study: Study, papers: list[PagePaper], blinded: dict[str, dict[str, Blinded]]
) -> tuple[str, ...]:
    for paper in papers:
        for name, each in blinded[paper.id].items():
            for file in each.files:
                write(folder, f"{PACKAGE}/{paper.id}/{name}/{file.path}", file.text)
    single = {f"send/{paper.id}.html": [paper] for paper in papers} if len(papers) > 1 else {}
    pages = {PAGE: papers, **single}
    for name, own in pages.items():
        shown = {paper.id for paper in own}
        part = study.model_copy(update={"papers": tuple(paper for paper in study.papers if paper.id in shown)})
        write(folder, name, page_html(part, own))
    return tuple(pages)
