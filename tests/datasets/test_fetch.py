"""Fetching from the Hub, URLs, Zenodo, figshare and OpenML: what arrives is whole and right, or is not there at all."""

import errno
import hashlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from papercoder.datasets import fetch
from papercoder.datasets.cache import DataCache
from papercoder.datasets.downloads import PartialFile, Unreachable
from papercoder.datasets.servers import doi_release, openml_release, url_release
from papercoder.errors import FetchError, RunFolderError
from papercoder.paper.server import is_internal
from papercoder.runs.folder import digest, lock
from tests.datasets.conftest import World
from tests.datasets.servers import COMMIT, resolve, serve_error, serve_json, serve_repository, source

DATA = bytes(range(256)) * 400
FILES = {"README.md": b"# Dots\n", "data/train-0.parquet": DATA, "data/test-0.parquet": DATA[::-1]}


def entries(world: World) -> list[str]:
    return sorted(path.name for path in world.cache.root.glob("*/*/*/files"))


# The Hub


def test_a_repository_is_fetched_at_its_commit_with_hashes_and_licence(world: World) -> None:
    serve_repository(world.server, FILES)
    release = world.hub(source())
    assert release.size == sum(map(len, FILES.values()))
    found = world.fetch(release)
    assert world.texts(found) == FILES
    assert (found.name, found.revision, found.licence) == ("dots", COMMIT, "mit")
    assert {file.path: file.sha256 for file in found.files} == {
        name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()
    }
    assert not (world.cache.root / ".partial" / found.folder).exists()


def test_only_the_files_that_are_needed_are_fetched(world: World) -> None:
    serve_repository(world.server, FILES, "model", "someone/net")
    release = world.hub(source(kind="hf_model", id="someone/net", files=("data/train-*", "*.md")))
    assert set(world.texts(world.fetch(release))) == {"README.md", "data/train-0.parquet"}


def test_a_connection_that_breaks_twice_is_resumed_where_it_broke(world: World) -> None:
    serve_repository(world.server, FILES)
    path = resolve("data/train-0.parquet")
    world.server.cuts[path] = [1000, 5000]
    assert world.texts(world.fetch(world.hub(source())))["data/train-0.parquet"] == DATA
    assert [part for asked, part in world.server.asked if asked == path] == ["", "bytes=1000-", "bytes=6000-"]


def test_the_next_process_resumes_and_downloads_nothing_twice(world: World) -> None:
    serve_repository(world.server, FILES)
    path = resolve("data/train-0.parquet")
    world.server.cuts[path] = [3000] + [0] * 4
    release = world.hub(source())
    with pytest.raises(Unreachable):
        world.fetch(release)
    assert entries(world) == []
    world.server.asked.clear()
    del world.server.cuts[path]
    assert world.texts(world.fetch(release)) == FILES
    assert world.server.asked == [(path, "bytes=3000-"), (resolve("data/test-0.parquet"), "")]


@pytest.mark.parametrize("name", ["README.md", "data/train-0.parquet"])
def test_a_file_with_another_hash_is_never_used(world: World, name: str) -> None:
    serve_repository(world.server, FILES)
    content = FILES[name]
    world.server.files[resolve(name)] = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(FetchError, match="has another hash or size than announced"):
        world.fetch(world.hub(source()))
    assert entries(world) == []
    assert world.cache.find(source()) is None


def test_a_gated_repository_says_where_to_ask_for_access(world: World) -> None:
    serve_error(world.server, "/api/datasets/someone/dots/revision/main?blobs=true", 403, "GatedRepo")
    with pytest.raises(FetchError, match=r"dots is gated: accept its terms at .*/datasets/someone/dots, set HF_TOKEN"):
        world.hub(source())


def test_files_of_a_gated_repository_need_the_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    serve_repository(world.server, FILES)
    release = world.hub(source())
    world.server.token = "hf_secret"
    with pytest.raises(FetchError, match="dots is gated"):
        world.fetch(release)
    monkeypatch.setattr("papercoder.datasets.servers.get_token", lambda: "hf_secret")
    assert world.texts(world.fetch(world.hub(source()))) == FILES


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        (401, "RepoNotFound", "does not exist, or is private. Correct its `id` in planning/data.json, or set HF_TOKEN"),
        (404, "RevisionNotFound", "has no revision main. Correct its `revision` in planning/data.json"),
        (500, "", "is not available now"),
    ],
)
def test_a_repository_that_cannot_be_had_is_explained(world: World, code: int, name: str, message: str) -> None:
    serve_error(world.server, "/api/datasets/someone/dots/revision/main?blobs=true", code, name)
    with pytest.raises(FetchError, match=message):
        world.hub(source())


def test_patterns_that_match_nothing_are_an_error(world: World) -> None:
    serve_repository(world.server, FILES)
    with pytest.raises(FetchError, match=r"has no files that match \*\.csv"):
        world.hub(source(files=("*.csv",)))


def test_a_name_that_leads_out_of_the_folder_is_refused(world: World) -> None:
    serve_repository(world.server, {"../../.bashrc": b"x"})
    with pytest.raises(FetchError, match="leads out of its folder"):
        world.hub(source())


def test_no_network_is_one_sentence(world: World) -> None:
    world.server.address = "http://127.0.0.1:9"
    with pytest.raises(Unreachable, match=r"cannot be reached .* Check the network"):
        world.hub(source())


# The disk and the cache


def test_a_full_disk_leaves_nothing_that_could_be_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    serve_repository(world.server, FILES)
    append = PartialFile.append

    def full(self: PartialFile, chunks: Iterable[bytes]) -> Iterable[int]:
        yield from append(self, [next(iter(chunks))[:100]])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PartialFile, "append", full)
    with pytest.raises(FetchError, match="The disk is full"):
        world.fetch(world.hub(source()))
    assert entries(world) == []
    monkeypatch.setattr(PartialFile, "append", append)
    assert world.texts(world.fetch(world.hub(source()))) == FILES


def test_a_download_that_does_not_fit_is_not_started(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    serve_repository(world.server, FILES)
    release = world.hub(source())
    world.server.asked.clear()
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr("papercoder.datasets.fetch.shutil.disk_usage", lambda _: usage)
    with pytest.raises(FetchError, match="dots needs 204,807 bytes, and 100 are free"):
        world.fetch(release)
    assert world.server.asked == []


def test_another_run_finds_it_in_the_cache(world: World) -> None:
    serve_repository(world.server, FILES)
    found = world.fetch(world.hub(source()))
    assert world.cache.find(source(name="points")) == found.model_copy(update={"name": "points"})
    assert world.cache.find(source(revision=COMMIT)) == found
    assert world.cache.find(source(revision="v2")) is None
    assert world.cache.find(source(files=("*.md",))) is None


def test_files_that_were_removed_or_resized_are_noticed(world: World) -> None:
    serve_repository(world.server, FILES)
    found = world.fetch(world.hub(source()))
    assert not world.cache.is_changed(found)
    (world.cache.path(found) / "README.md").write_text("longer")
    assert world.cache.is_changed(found)


def test_very_many_files_are_counted_and_not_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_MOST_LISTED", 2)
    serve_repository(world.server, FILES)
    found = world.fetch(world.hub(source()))
    assert (found.files, found.count, found.size) == ((), 3, sum(map(len, FILES.values())))
    assert not world.cache.is_changed(found)
    (world.cache.path(found) / "README.md").unlink()
    assert world.cache.is_changed(found)


def test_two_processes_do_not_write_the_same_entry(world: World) -> None:
    serve_repository(world.server, FILES)
    release = world.hub(source())
    held = world.cache.root / ".locks" / digest(world.cache.entry(release))[:16]
    with lock(held), pytest.raises(RunFolderError, match="Another process"):
        world.fetch(release)


# URLs and records


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return packed.getvalue()


def url(world: World, path: str, **changes: Any) -> Any:
    return source(kind="url", id=f"{world.server.address}{path}", **changes)


def test_an_archive_at_a_url_is_unpacked(world: World) -> None:
    world.server.files["/dots.zip"] = zipped(dots__train=b"1", dots__test=b"2")
    found = world.fetch(url_release(url(world, "/dots.zip"), world.client))
    assert world.texts(found) == {"dots/train": b"1", "dots/test": b"2"}


def test_a_file_takes_the_name_that_the_server_gives_it(world: World) -> None:
    world.server.files["/download?id=3"] = DATA
    world.server.more["/download?id=3"] = {
        "Content-Disposition": 'attachment; filename="../my dots.csv"',
        "ETag": '"v7"',
    }
    release = url_release(url(world, "/download?id=3"), world.client)
    found = world.fetch(release)
    assert (list(world.texts(found)), found.revision) == (["my_dots.csv"], "v7")


def test_a_server_without_head_leaves_the_size_open(world: World) -> None:
    world.server.files["/dots.csv"] = DATA
    world.server.errors["/dots.csv"] = 405
    release = url_release(url(world, "/dots.csv"), world.client)
    del world.server.errors["/dots.csv"]
    assert release.size is None
    assert world.texts(world.fetch(release)) == {"dots.csv": DATA}


def test_a_url_with_the_hash_of_the_paper_is_checked(world: World) -> None:
    world.server.files["/dots.csv"] = DATA
    right = url(world, "/dots.csv", hash=f"md5:{hashlib.md5(DATA).hexdigest()}")
    assert world.texts(world.fetch(url_release(right, world.client))) == {"dots.csv": DATA}
    wrong = url(world, "/dots.csv", hash=f"md5:{'0' * 32}")
    with pytest.raises(FetchError, match="has another hash or size than announced"):
        world.fetch(url_release(wrong, world.client))


def test_a_missing_url_names_the_way_out(world: World) -> None:
    with pytest.raises(FetchError, match=r"does not exist \(404\).*give it with --data dots=PATH"):
        url_release(url(world, "/gone.csv"), world.client)


def test_an_archive_that_writes_outside_its_folder_is_not_unpacked(world: World, tmp_path: Path) -> None:
    world.server.files["/evil.zip"] = zipped(**{"..__..__evil": b"x"})
    with pytest.raises(FetchError, match="leads out of it"):
        world.fetch(url_release(url(world, "/evil.zip"), world.client))
    assert entries(world) == []
    assert not list(tmp_path.rglob("evil"))


def test_a_record_of_zenodo(world: World) -> None:
    links = {"self": f"{world.server.address}/files/dots.csv"}
    checksum = f"md5:{hashlib.md5(DATA).hexdigest()}"
    files = [{"key": "dots.csv", "size": len(DATA), "checksum": checksum, "links": links}]
    record = {"id": 7, "metadata": {"license": {"id": "cc-by-4.0"}}, "files": files}
    serve_json(world.server, "/api/records/7", record)
    world.server.files["/files/dots.csv"] = DATA
    paper = source(kind="doi", id="10.5281/zenodo.7")
    found = world.fetch(doi_release(paper, world.client, zenodo=world.server.address))
    assert (world.texts(found), found.revision, found.licence) == ({"dots.csv": DATA}, "7", "cc-by-4.0")


def test_a_version_on_figshare(world: World) -> None:
    address = f"{world.server.address}/files/1"
    files = [
        {"name": "a.csv", "size": len(DATA), "download_url": address},
        {"name": "b", "size": 1, "download_url": "x"},
    ]
    serve_json(world.server, "/v2/articles/5/versions/2", {"version": 2, "license": {"name": "MIT"}, "files": files})
    world.server.files["/files/1"] = DATA
    paper = source(kind="doi", id="10.6084/m9.figshare.5.v2", files=("*.csv",))
    found = world.fetch(doi_release(paper, world.client, figshare=world.server.address))
    assert (world.texts(found), found.revision, found.licence) == ({"a.csv": DATA}, "2", "MIT")


@pytest.mark.parametrize(
    ("doi", "message"),
    [("10.5281/zenodo.8", "has no such files, or they are not public"), ("10.1000/x", "not a record of Zenodo or")],
)
def test_a_doi_that_cannot_be_fetched_is_explained(world: World, doi: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        doi_release(source(kind="doi", id=doi), world.client, zenodo=world.server.address)


def test_a_data_set_of_openml(world: World) -> None:
    described = {"version": "1", "url": f"{world.server.address}/61.arff", "licence": "Public", "md5_checksum": ""}
    serve_json(world.server, "/api/v1/json/data/61", {"data_set_description": described})
    world.server.files["/61.arff"] = DATA
    found = world.fetch(openml_release(source(kind="openml", id="61"), world.client, world.server.address))
    assert (world.texts(found), found.licence) == ({"dataset.arff": DATA}, "Public")
    with pytest.raises(FetchError, match=r"openml\.org/d/62 has no such files"):
        openml_release(source(kind="openml", id="62"), world.client, world.server.address)


def test_an_address_that_openml_names_is_not_in_a_private_network(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papercoder.datasets.servers.is_internal", is_internal)
    for host in ("10.0.0.7", "localhost", "[::1]"):
        described = {"version": "1", "url": f"http://{host}/61.arff"}
        serve_json(world.server, "/api/v1/json/data/61", {"data_set_description": described})
        with pytest.raises(FetchError, match="an address of this machine or of a private network"):
            openml_release(source(kind="openml", id="61"), world.client, world.server.address)


# Given data


def test_given_data_are_listed_and_a_file_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.csv").write_bytes(DATA)
    found, cache = fetch.give(source(), tmp_path / "mine"), DataCache(tmp_path / "cache")
    assert (found.given, found.size) == (str(tmp_path / "mine"), len(DATA))
    assert cache.has(found)
    assert not cache.is_changed(found)
    (tmp_path / "mine" / "b.csv").touch()
    assert cache.is_changed(found)
    with pytest.raises(FetchError, match=r"--data dots=.*there are no files"):
        fetch.give(source(), tmp_path / "none")
