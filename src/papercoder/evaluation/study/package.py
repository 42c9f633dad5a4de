"""Makes a study: blinds the repositories, refuses what still tells their makers, and writes what participants get."""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from random import Random
from string import ascii_uppercase

from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

from papercoder.artifacts import KeyEntry, LanguageSize, Paper, SourceFile, Study, StudyKey, StudyPaper, StudyRepository
from papercoder.errors import RunFolderError, SettingsError
from papercoder.evaluation.repository_view import JUDGED, notebook
from papercoder.evaluation.study.folder import KEY, PACKAGE, PAGE, STUDY
from papercoder.evaluation.study.manifest import Candidate, Manifest, PaperEntry
from papercoder.evaluation.study.page import PageCode, PagePaper, page_html
from papercoder.evaluation.study.questionnaire import INTRODUCTION, components, questions
from papercoder.evaluation.study.traces import LEFT_OUT, names_pattern, traces, without_traces
from papercoder.files.regular import write
from papercoder.paper.limited_reading import read_within_limits
from papercoder.repository.files import own_files, read_files

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
