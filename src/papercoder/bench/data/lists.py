"""The two public lists of papers, and how each one's papers are laid out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from papercoder.artifacts.evaluation import JudgeName
from papercoder.bench.data.archive import opened
from papercoder.bench.data.folder import DataFolder
from papercoder.bench.data.hosts import Hosts
from papercoder.bench.manifest.manifest import PaperEntry
from papercoder.errors import FetchError, SettingsError
from papercoder.paper.files import Memory
from papercoder.runs.folder import read_text


class PublicList(Protocol):
    """A benchmark's papers."""

    name: ClassVar[str]
    judges: ClassVar[tuple[JudgeName, ...]]
    """Those that it is judged by, the rubric's aside."""

    def ids(self, groups: Iterable[str]) -> tuple[str, ...]:
        """The ids of its papers, or of those that are named, by id or by group; raises `SettingsError` for others."""
        ...

    def lay_out(self, paper: str) -> PaperEntry | None:
        """Fetch what belongs to a paper; None where the paper itself cannot be had."""
        ...


def chosen(ids: dict[str, set[str]], groups: Iterable[str]) -> tuple[str, ...]:
    """All ids, or those that one of these names means; raises `SettingsError` for a name that means none."""
    wanted = set(groups)
    known = {name for names in ids.values() for name in names}
    if unknown := sorted(wanted - known):
        raise SettingsError(f"--only {unknown[0]}: the list has no such paper; it has {', '.join(ids)}.")
    return tuple(key for key, names in ids.items() if not wanted or names & wanted)


class _Listed(BaseModel):
    model_config = ConfigDict(frozen=True)

    repo_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$")]
    """Also the name of a file and a folder."""

    repo_url: str


_Conference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,40}$")]
_INFO = TypeAdapter(dict[_Conference, tuple[_Listed, ...]])


@dataclass
class Paper2CodeBench:
    """90 papers of ICLR, ICML and NeurIPS 2024 (arXiv 2504.17192, section 4.1), as their text was parsed there."""

    data: DataFolder
    hosts: Hosts
    gold: bool = False
    """Whether the authors' repositories are fetched too."""

    name: ClassVar = "paper2codebench"
    judges: ClassVar[tuple[JudgeName, ...]] = ("reference-free", "reference-based")

    def ids(self, groups: Iterable[str]) -> tuple[str, ...]:
        """All, or those that are named: by id, by the repository's name, or by conference."""
        named = {key: {key, listed.repo_name, conference} for key, (conference, listed) in self._listed.items()}
        return chosen(named, groups)

    def lay_out(self, paper: str) -> PaperEntry | None:
        """The paper in S2ORC's JSON, the raw one, since the cleaned one lost the equations; and the authors' code."""
        conference, listed = self._listed[paper]
        path = f"{conference}/{listed.repo_name}"
        member = next((name for name in self._parsed.names() if f"/{name}".endswith(f"/{path}.json")), "")
        content = self._parsed.get(member) if member else None
        if content is None:
            self.data.problems.append(f"{paper}: paper2code_data.zip holds no {path}.json.")
            return None
        source = self.data.made(f"papers/{path}.json", content)
        gold = self._repository(f"gold/{path}", listed.repo_url) if self.gold else None
        return PaperEntry(id=paper, paper=source.as_posix(), gold=gold)

    def _repository(self, name: str, address: str) -> Path | None:
        if (self.data.root / name).exists():
            return Path(name)
        archive = self.hosts.archive(address)
        if archive is None:
            self.data.problems.append(f"{address} is no repository on GitHub; put its files into {name} by hand.")
            return None
        return self.data.tried(partial(self.data.unpacked, name, archive))

    @cached_property
    def _listed(self) -> dict[str, tuple[str, _Listed]]:
        path = self.data.file("lists/dataset_info.json", self._address("dataset_info.json"))
        try:
            info = _INFO.validate_json((self.data.root / path).read_bytes())
        except ValidationError as error:
            raise FetchError(f"{path} is no list of papers as Paper2CodeBench's was; see docs/bench.md.") from error
        return {_id(conference, one.repo_name): (conference, one) for conference in info for one in info[conference]}

    @cached_property
    def _parsed(self) -> Memory:
        return opened(
            self.data.root / self.data.file("lists/paper2code_data.zip", self._address("paper2code_data.zip"))
        )

    def _address(self, name: str) -> str:
        return f"{self.hosts.files}/going-doer/Paper2Code/main/data/paper2code/{name}"


def _id(conference: str, repository: str) -> str:
    """A name that a manifest takes."""
    return "-".join(re.findall(r"[A-Za-z0-9]+", f"{conference}-{repository}"))[:60].rstrip("-")


@dataclass
class PaperBench:
    """20 papers of ICML 2024 with rubrics (arXiv 2504.01848); without gold, since their own code may not be used."""

    data: DataFolder
    hosts: Hosts
    listed: Path | None = None
    """A file of ids, one a line, in place of ours."""

    name: ClassVar = "paperbench"
    judges: ClassVar[tuple[JudgeName, ...]] = ()

    def ids(self, groups: Iterable[str]) -> tuple[str, ...]:
        """All, or those that are named."""
        shipped = files("papercoder.bench").joinpath("paperbench.txt")
        text = read_text(self.listed) if self.listed else shipped.read_text(encoding="utf-8")
        if text is None:
            raise SettingsError(f"--list {self.listed}: there is no such file.")
        lines = [line.partition("#")[0].strip() for line in text.splitlines()]
        if bad := next((line for line in lines if line and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", line)), None):
            raise SettingsError(f"--list {self.listed}: {bad!r} is no id of PaperBench's; write one a line.")
        return chosen({line: {line} for line in lines if line}, groups)

    def lay_out(self, paper: str) -> PaperEntry | None:
        """The paper as text, for that keeps the equations, else as PDF; rubric, addendum and blacklist."""
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
        get = partial(self.data.file, f"papers/{paper}/{name}", address, self.hosts.content)
        return self.data.tried(get, optional=optional)
