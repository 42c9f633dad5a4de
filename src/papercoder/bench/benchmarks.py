"""The two public benchmarks: their papers, and where their files are."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, ClassVar, Protocol
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from papercoder.artifacts import Artifact
from papercoder.artifacts.evaluation import JudgeName
from papercoder.bench.data_folder import DataFolder, open_archive
from papercoder.bench.manifest import Judge, Manifest, ModelChoice, PaperEntry, model_name
from papercoder.datasets.downloads import Unreachable
from papercoder.errors import FetchError, SettingsError
from papercoder.paper.files import Memory
from papercoder.runs.folder import lock, read_given_text
from papercoder.settings import Settings

_GITHUB = re.compile(r"https?://(?:www\.)?github\.com/(\w[\w-]*)/([\w-][\w.-]*?)(?:\.git)?(?:[/?#].*)?", re.ASCII)


@dataclass(frozen=True)
class Hosts:
    """Addresses of GitHub's servers, without a slash at the end."""

    files: str = "https://raw.githubusercontent.com"
    """Files of a repository: /OWNER/NAME/main/PATH."""

    large: str = "https://media.githubusercontent.com"
    """Content of Git LFS files: /media/OWNER/NAME/main/PATH."""

    archives: str = "https://codeload.github.com"
    """Repositories as archives: /OWNER/NAME/zip/HEAD."""

    def lfs_content(self, address: str) -> str:
        """The address of a Git LFS file's content, from that of its pointer."""
        return f"{self.large}/media{address.removeprefix(self.files)}"

    def archive(self, repository: str) -> str | None:
        """The archive of a GitHub repository, from its page's address; None for any other address."""
        found = _GITHUB.fullmatch(repository.strip())
        return f"{self.archives}/{found[1]}/{found[2]}/zip/HEAD" if found else None


def hosts_at(mirror: str | None) -> Hosts:
    """GitHub's servers, or a mirror that serves the same paths under one address.

    Raises:
        SettingsError: the mirror's address is not a URL.
    """
    if mirror is None:
        return Hosts()
    parts = urlsplit(mirror)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise SettingsError(f"--from {mirror} is not a URL. Give one such as https://mirror.example/github.")
    base = mirror.rstrip("/")
    return Hosts(base, base, base)


class Benchmark(Protocol):
    """A public benchmark."""

    name: ClassVar[str]
    judges: ClassVar[tuple[JudgeName, ...]]
    """The judges it uses besides the rubric."""

    def paper_ids(self, only: Iterable[str]) -> tuple[str, ...]:
        """The ids of its papers, or of those with these ids or group names.

        Raises:
            SettingsError: a name is unknown.
        """
        ...

    def fetch_paper(self, paper: str) -> PaperEntry | None:
        """Fetch the files of a paper; None if the paper itself is not available."""
        ...


def _select(names: dict[str, set[str]], only: Iterable[str]) -> tuple[str, ...]:
    """All ids, or those with one of these names."""
    wanted = set(only)
    known = {name for aliases in names.values() for name in aliases}
    if unknown := sorted(wanted - known):
        raise SettingsError(f"--only {unknown[0]}: the benchmark has no such paper. It has {', '.join(names)}.")
    return tuple(key for key, aliases in names.items() if not wanted or aliases & wanted)


class _Repository(BaseModel):
    model_config = ConfigDict(frozen=True)

    repo_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$")]
    """Used as a file and folder name."""

    repo_url: str


_Conference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,40}$")]
_INFO = TypeAdapter(dict[_Conference, tuple[_Repository, ...]])


@dataclass
class Paper2CodeBench:
    """90 papers of ICLR, ICML and NeurIPS 2024 (arXiv 2504.17192, section 4.1), in the benchmark's parsed text."""

    data: DataFolder
    hosts: Hosts
    gold: bool = False
    """Fetch the authors' repositories too."""

    name: ClassVar = "paper2codebench"
    judges: ClassVar[tuple[JudgeName, ...]] = ("reference-free", "reference-based")

    def paper_ids(self, only: Iterable[str]) -> tuple[str, ...]:
        """All ids, or those chosen by id, repository name or conference."""
        names = {key: {key, repo.repo_name, conference} for key, (conference, repo) in self._papers.items()}
        return _select(names, only)

    def fetch_paper(self, paper: str) -> PaperEntry | None:
        """The paper as raw S2ORC JSON, because the cleaned one lacks equations; and the authors' repository."""
        conference, repo = self._papers[paper]
        path = f"{conference}/{repo.repo_name}"
        member = next((name for name in self._archive.names() if f"/{name}".endswith(f"/{path}.json")), "")
        content = self._archive.get(member) if member else None
        if content is None:
            self.data.problems.append(f"{paper}: paper2code_data.zip has no {path}.json.")
            return None
        source = self.data.write_file(f"papers/{path}.json", content)
        gold = self._gold(f"gold/{path}", repo.repo_url) if self.gold else None
        return PaperEntry(id=paper, paper=source.as_posix(), gold=gold)

    def _gold(self, name: str, address: str) -> Path | None:
        if (self.data.root / name).exists():
            return Path(name)
        archive = self.hosts.archive(address)
        if archive is None:
            self.data.problems.append(f"{address} is not a GitHub repository. Copy its files into {name} yourself.")
            return None
        return self.data.try_fetch(partial(self.data.fetch_archive, name, archive))

    @cached_property
    def _papers(self) -> dict[str, tuple[str, _Repository]]:
        path = self.data.fetch_file("lists/dataset_info.json", self._address("dataset_info.json"))
        try:
            info = _INFO.validate_json((self.data.root / path).read_bytes())
        except ValidationError as error:
            raise FetchError(f"{path} is not in the format of Paper2CodeBench's list. See docs/bench.md.") from error
        return {_id(conference, repo.repo_name): (conference, repo) for conference in info for repo in info[conference]}

    @cached_property
    def _archive(self) -> Memory:
        path = self.data.fetch_file("lists/paper2code_data.zip", self._address("paper2code_data.zip"))
        return open_archive(self.data.root / path)

    def _address(self, name: str) -> str:
        return f"{self.hosts.files}/going-doer/Paper2Code/main/data/paper2code/{name}"


def _id(conference: str, repository: str) -> str:
    """A valid name for a manifest."""
    return "-".join(re.findall(r"[A-Za-z0-9]+", f"{conference}-{repository}"))[:60].rstrip("-")


@dataclass
class PaperBench:
    """20 papers of ICML 2024 with rubrics (arXiv 2504.01848). No gold: the benchmark forbids the authors' code."""

    data: DataFolder
    hosts: Hosts
    list_file: Path | None = None
    """A file with one id per line, instead of the built-in list."""

    name: ClassVar = "paperbench"
    judges: ClassVar[tuple[JudgeName, ...]] = ()

    def paper_ids(self, only: Iterable[str]) -> tuple[str, ...]:
        """All ids, or those chosen by id."""
        built_in = files("papercoder.bench").joinpath("paperbench.txt")
        text = read_given_text(self.list_file) if self.list_file else built_in.read_text(encoding="utf-8")
        if text is None:
            raise SettingsError(f"--list {self.list_file}: the file does not exist.")
        lines = [line.partition("#")[0].strip() for line in text.splitlines()]
        if bad := next((line for line in lines if line and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", line)), None):
            raise SettingsError(f"--list {self.list_file}: {bad!r} is not a PaperBench id. Write one id per line.")
        return _select({line: {line} for line in lines if line}, only)

    def fetch_paper(self, paper: str) -> PaperEntry | None:
        """The paper as text, which has the equations, or else as PDF; rubric, addendum and blacklist."""
        self._file(paper, "config.yaml")
        text, pdf = self._file(paper, "paper.md"), self._file(paper, "paper.pdf")
        source = text or pdf
        if source is None:
            return None
        addendum = self._file(paper, "addendum.md", optional=True)
        return PaperEntry(
            id=paper,
            paper=source.as_posix(),
            rubric=self._file(paper, "rubric.json"),
            addendum=addendum if addendum and (self.data.root / addendum).read_bytes().strip() else None,
            blacklist=self._file(paper, "blacklist.txt"),
        )

    def _file(self, paper: str, name: str, *, optional: bool = False) -> Path | None:
        address = f"{self.hosts.files}/openai/frontier-evals/main/project/paperbench/data/papers/{paper}/{name}"
        get = partial(self.data.fetch_file, f"papers/{paper}/{name}", address, self.hosts.lfs_content)
        return self.data.try_fetch(get, optional=optional)


_HEAD = """\
# {name}: {count} papers, downloaded by `papercoder bench fetch`; addresses and hashes are in fetched.json.
# The models are a proposal, and judges cost money too: choose yours, then run
#   papercoder bench {file}
"""


class FetchResult(Artifact):
    """What is in the folder now."""

    manifest: Path
    papers: tuple[str, ...]
    """Their ids."""

    problems: tuple[str, ...]
    """What could not be fetched, one sentence each; empty if nothing is missing."""


def fetch(benchmark: Benchmark, data: DataFolder, only: Iterable[str] = ()) -> FetchResult:
    """Fetch what is missing of these papers, or of all, and write the manifest. Call it again to resume.

    Raises:
        SettingsError: the benchmark has no paper of this name.
        FetchError: no paper could be fetched.
        RunFolderError: the folder cannot be written, or another process works in it.
    """
    with lock(data.root):
        entries = list(_entries(benchmark, data, only))
        data.remove_empty_staging()
        if not entries:
            raise FetchError(f"Nothing could be fetched. {' '.join(data.problems[:3])}")
        written = data.write_manifest(_manifest_text(benchmark, entries))
    return FetchResult(manifest=written, papers=tuple(entry.id for entry in entries), problems=tuple(data.problems))


def _entries(benchmark: Benchmark, data: DataFolder, only: Iterable[str]) -> Iterator[PaperEntry]:
    """The available papers; once the server does not answer, those that are already complete."""
    for paper in benchmark.paper_ids(only):
        with suppress(Unreachable):  # recorded in the folder
            if entry := benchmark.fetch_paper(paper):
                yield entry
    if data.unreachable:
        data.problems.append(str(data.unreachable))


def _manifest_text(benchmark: Benchmark, entries: list[PaperEntry]) -> str:
    model = Settings.model_fields["model"].default
    manifest = Manifest(
        name=benchmark.name,
        papers=tuple(entries),
        models=(ModelChoice(name=model_name(model), model=model),),
        judge=Judge(model=model, judges=benchmark.judges),
    )
    return _HEAD.format(name=benchmark.name, count=len(entries), file="manifest.yaml") + yaml.safe_dump(
        manifest.model_dump(mode="json", exclude_defaults=True), sort_keys=False, allow_unicode=True, width=120
    )
