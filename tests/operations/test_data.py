"""The data of a run: what is there, fetched once for all runs, asked for when large, and recorded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from papercoder.artifacts import DataSource, DataSources
from papercoder.datasets.cache import DataCache
from papercoder.datasets.downloads import Downloads, web_client
from papercoder.datasets.run_data import data_status, read_lock
from papercoder.errors import RunFolderError, SettingsError
from papercoder.operations.data import Fetch, give_data
from tests.datasets.servers import COMMIT, resolve, serve_repository, source
from tests.server import Server, serving

FILES = {"a.csv": b"1,2\n", "b.csv": b"3,4\n"}
PRIVATE = source(name="survey", kind="private", id="")
PACKAGE = source(name="iris", kind="package", id="sklearn.datasets.load_iris")


@dataclass
class World:
    server: Server
    client: httpx.Client
    root: Path
    asked: list[int] = field(default_factory=list)

    def run(self, *sources: DataSource, name: str = "run") -> Path:
        """A run with these data sources."""
        folder = self.root / name
        (folder / "planning").mkdir(parents=True)
        (folder / "planning/data.json").write_text(DataSources(items=sources).model_dump_json())
        return folder

    def fetch(self, folder: Path, *names: str, yes: bool = True, max_download: int = 1000) -> list[str]:
        """Fetch, and return the problems."""

        def confirm(size: int) -> bool:
            self.asked.append(size)
            return yes

        downloads = Downloads(self.client, sleep=lambda _: None, largest=max_download)
        work = Fetch(folder, self.client, downloads, confirm, max_download, self.cache)
        work.run(names)
        return work.problems

    def states(self, folder: Path) -> dict[str, str]:
        """Name -> state."""
        return {item.source.name: item.state for item in data_status(folder, self.cache).sources}

    @property
    def cache(self) -> DataCache:
        """The user's cache."""
        return DataCache(self.root / "cache")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("papercoder.datasets.servers.get_token", lambda: None)
    with serving() as server, web_client(5) as client:
        monkeypatch.setattr("papercoder.datasets.servers.constants.ENDPOINT", server.address)
        serve_repository(server, FILES)
        yield World(server, client, tmp_path)


def test_what_a_run_needs_is_listed_before_and_after_fetching(world: World) -> None:
    folder = world.run(source(size_bytes=100), PRIVATE, PACKAGE)
    assert world.states(folder) == {"dots": "missing", "survey": "missing", "iris": "package"}
    assert world.fetch(folder) == []
    assert world.states(folder) == {"dots": "fetched", "survey": "missing", "iris": "package"}
    status = data_status(folder, world.cache)
    assert (status.sources[0].size, status.sources[0].licence, status.missing) == (8, "mit", ("survey",))
    (locked,) = read_lock(folder).sources
    assert (locked.revision, [file.path for file in locked.files]) == (COMMIT, ["a.csv", "b.csv"])


def test_a_second_run_needs_no_network(world: World) -> None:
    world.fetch(world.run(source()))
    world.server.files.clear()
    other = world.run(source(name="points"), name="other")
    assert world.states(other) == {"points": "cached"}
    assert world.fetch(other) == []
    assert world.states(other) == {"points": "fetched"}


def test_a_large_download_is_asked_for_and_refused_without_a_yes(world: World) -> None:
    folder = world.run(source())
    with pytest.raises(SettingsError, match=r"8 bytes is above --max-download \(5\)"):
        world.fetch(folder, yes=False, max_download=5)
    assert world.states(folder) == {"dots": "missing"}
    assert world.fetch(folder, max_download=5) == []
    assert world.asked == [8, 8]


def test_one_problem_does_not_stop_the_others(world: World) -> None:
    folder = world.run(source(name="gone", id="someone/gone"), source())
    (problem,) = world.fetch(folder)
    assert "gone: " in problem
    assert "does not exist, or is private" in problem
    assert world.states(folder) == {"gone": "missing", "dots": "fetched"}


def test_names_choose_sources_and_private_ones_cannot_be_fetched(world: World) -> None:
    folder = world.run(source(), source(name="other"), PRIVATE)
    assert world.fetch(folder, "dots") == []
    assert world.states(folder) == {"dots": "fetched", "other": "cached", "survey": "missing"}
    (problem,) = world.fetch(folder, "survey")
    assert problem.endswith("give it with --data survey=PATH.")
    with pytest.raises(SettingsError, match=r"The run has no data digits. Its data are dots, other, survey"):
        world.fetch(folder, "digits")


def test_a_lost_cache_is_filled_with_the_same_commit_and_other_content_refused(world: World) -> None:
    folder = world.run(source())
    world.fetch(folder)
    before = read_lock(folder)
    world.server.asked.clear()
    DataCache(world.root / "cache").root.rename(world.root / "away")
    assert world.states(folder) == {"dots": "missing"}
    assert world.fetch(folder) == []
    assert world.server.asked[0][0].endswith(f"/revision/{COMMIT}?blobs=true")
    assert read_lock(folder) == before
    (world.root / "cache").rename(world.root / "away too")
    serve_repository(world.server, {"a.csv": b"9,9\n"})
    (problem,) = world.fetch(folder)
    assert "dots has changed since this run fetched it" in problem
    assert read_lock(folder) == before


def test_a_broken_fetch_is_resumed_by_the_same_command(world: World) -> None:
    folder = world.run(source())
    world.server.cuts[resolve("a.csv")] = [2] + [0] * 4
    (problem,) = world.fetch(folder)
    assert "Run the same command later to resume" in problem
    del world.server.cuts[resolve("a.csv")]
    world.server.asked.clear()
    assert world.fetch(folder) == []
    assert (resolve("a.csv"), "bytes=2-") in world.server.asked


def test_given_data_are_used_and_their_changes_noticed(world: World) -> None:
    folder = world.run(PRIVATE)
    mine = world.root / "mine.csv"
    mine.write_text("1")
    give_data(folder, [f"survey={mine}"])
    assert world.states(folder) == {"survey": "given"}
    mine.write_text("12")
    assert world.states(folder) == {"survey": "changed"}


@pytest.mark.parametrize("text", ["survey", "digits=/tmp"])
def test_what_is_given_has_a_known_name_and_a_path(world: World, text: str) -> None:
    with pytest.raises(SettingsError, match="write NAME=PATH with one of the names survey"):
        give_data(world.run(PRIVATE), [text])


def test_a_run_that_has_not_planned_has_no_list(world: World) -> None:
    (world.root / "empty").mkdir()
    calls: list[Callable[[Path], object]] = [data_status, lambda folder: give_data(folder, ["a=b"])]
    for call in calls:
        with pytest.raises(RunFolderError, match=r"has no planning/data.json yet"):
            call(world.root / "empty")
