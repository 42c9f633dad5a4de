"""The two public benchmarks, fetched from a server on this machine."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from papercoder.artifacts import Paper
from papercoder.bench.benchmarks import Benchmark, FetchResult, Hosts, Paper2CodeBench, PaperBench, fetch, hosts_at
from papercoder.bench.data_folder import DataFolder
from papercoder.bench.manifest_file import load_manifest
from papercoder.datasets.downloads import Downloads, web_client
from papercoder.errors import FetchError, SettingsError
from papercoder.paper.reading import read
from tests.server import Server, serving

PAPER = json.dumps(
    {
        "paper_id": "auto-j",
        "title": "A Judge",
        "abstract": "We judge.",
        "pdf_parse": {"body_text": [{"text": "It judges.", "section": "Method", "sec_num": "1"}], "bib_entries": {}},
    }
)
INFO = "/going-doer/Paper2Code/main/data/paper2code/dataset_info.json"
PARSED = "/going-doer/Paper2Code/main/data/paper2code/paper2code_data.zip"
GOLD = "/GAIR-NLP/auto-j/zip/HEAD"
ROOT = "/openai/frontier-evals/main/project/paperbench/data/papers"


def zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def pointer(data: bytes) -> bytes:
    sha256 = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(data)}\n".encode()


def listed(name: str, address: str) -> dict[str, str]:
    return {"source": "poster", "paper": name, "repo_name": name, "repo_url": address}


@dataclass
class World:
    server: Server
    root: Path

    def fetch(self, make: Callable[[DataFolder, Hosts], Benchmark], *only: str) -> FetchResult:
        with web_client(5) as client:
            data = DataFolder(self.root, Downloads(client, sleep=lambda _: None))
            return fetch(make(data, hosts_at(self.server.address)), data, only)

    def gold(self, *only: str) -> FetchResult:
        return self.fetch(lambda data, hosts: Paper2CodeBench(data, hosts, gold=True), *only)

    def bench(self, *only: str) -> FetchResult:
        return self.fetch(PaperBench, *(only or ("rice",)))

    def serve_lfs(self, name: str, data: bytes, announced: bytes | None = None) -> None:
        self.server.files[f"{ROOT}/{name}"] = pointer(data if announced is None else announced)
        self.server.files[f"/media{ROOT}/{name}"] = data


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as server:
        info = {
            "iclr2024": [listed("auto-j", "https://github.com/GAIR-NLP/auto-j")],
            "icml2024": [listed("__other.repo", "https://gitlab.example/x/y")],
        }
        parsed = {"data/iclr2024/auto-j.json": PAPER, "data/iclr2024/auto-j_cleaned.json": "{}"}
        server.files |= {
            INFO: json.dumps(info).encode(),
            PARSED: zipped({**parsed, "data/icml2024/__other.repo.json": PAPER}),
            GOLD: zipped({"auto-j-HEAD/README.md": "Judge.", "auto-j-HEAD/src/a.py": "x = 1\n"}),
        }
        yield World(server, tmp_path / "data")


@pytest.fixture
def rice(world: World) -> World:
    for name in ("paper.md", "paper.pdf", "rubric.json", "addendum.md", "config.yaml"):
        world.serve_lfs(f"rice/{name}", f"This is {name}.".encode())
    world.server.files[f"{ROOT}/rice/blacklist.txt"] = b"https://github.com/x/rice\n"
    return world


def test_papers_and_gold_are_fetched_with_a_valid_manifest(world: World) -> None:
    done = world.gold("auto-j")
    assert done == FetchResult(manifest=world.root / "manifest.yaml", papers=("iclr2024-auto-j",), problems=())
    (entry,) = load_manifest(done.manifest).papers
    assert read(entry.paper).title == "A Judge"
    assert entry.gold == world.root / "gold/iclr2024/auto-j"
    assert (entry.gold / "src/a.py").read_text() == "x = 1\n"
    assert not (world.root / ".fetching").exists()


def test_a_second_fetch_makes_no_requests(world: World) -> None:
    world.gold()
    world.server.asked.clear()
    assert world.gold().papers == ("iclr2024-auto-j", "icml2024-other-repo")
    assert world.server.asked == []


def test_missing_files_are_reported_and_the_rest_is_fetched(world: World) -> None:
    world.server.files[PARSED] = zipped({"data/iclr2024/auto-j.json": PAPER})
    del world.server.files[GOLD]
    done = world.gold()
    assert done.papers == ("iclr2024-auto-j",)
    assert ["does not exist (404)" in one or "has no icml2024/__other.repo.json" in one for one in done.problems] == [
        True,
        True,
    ]
    assert load_manifest(done.manifest).papers[0].gold is None


def test_code_outside_github_is_reported(world: World) -> None:
    (problem,) = world.gold("icml2024").problems
    assert "https://gitlab.example/x/y is not a GitHub repository" in problem


def test_an_unknown_paper_is_an_error(world: World) -> None:
    with pytest.raises(SettingsError, match=r"--only iclr2031: the benchmark has no such paper"):
        world.gold("iclr2031")


@pytest.mark.parametrize("name", ["../../x", ".", "a/b", "a\\b", "x" * 300, ""])
def test_a_list_with_unsafe_names_is_an_error(world: World, name: str) -> None:
    world.server.files[INFO] = json.dumps({"iclr2024": [listed(name, "https://github.com/a/b")]}).encode()
    with pytest.raises(FetchError, match="is not in the format of Paper2CodeBench's list"):
        world.gold()


@pytest.mark.parametrize("name", ["auto-j-HEAD/../../../evil.py", "/evil.py"])
def test_an_archive_with_unsafe_paths_is_not_unpacked(world: World, name: str) -> None:
    world.server.files[GOLD] = zipped({"auto-j-HEAD/a.py": "", name: "print(1)"})
    (problem,) = world.gold("auto-j").problems
    assert "leads out of it" in problem
    assert list(world.root.parent.rglob("evil.py")) == []
    assert not (world.root / "gold").exists()


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (zipped({}), "contains no text files"),
        (zipped({"auto-j-HEAD/\u00e9.py": ""}).replace("\u00e9".encode(), b"\xff\xfe"), "cannot be read"),
        (zipped({"auto-j-HEAD/a.py": "x", "auto-j-HEAD/a.py/b.py": "y"}), "could not be written"),
        (zipped({"auto-j-HEAD/..": "x"}), "could not be written"),
        (b"PK nonsense", "cannot be read"),
    ],
)
def test_a_damaged_archive_is_reported(world: World, archive: bytes, message: str) -> None:
    world.server.files[GOLD] = archive
    (problem,) = world.gold("auto-j").problems
    assert message in problem
    assert not (world.root / "gold").exists()


def test_an_archive_without_a_top_folder_is_unpacked(world: World) -> None:
    world.server.files[GOLD] = zipped({"main.py": "x = 1\n"})
    assert world.gold("auto-j").problems == ()
    assert (world.root / "gold/iclr2024/auto-j/main.py").read_text() == "x = 1\n"


def test_a_cut_archive_is_resumed(world: World) -> None:
    world.server.cuts[GOLD] = [60]
    assert world.gold("auto-j").problems == ()
    assert world.server.asked[-2:] == [(GOLD, ""), (GOLD, "bytes=60-")]


def test_git_lfs_content_is_verified(rice: World) -> None:
    done = rice.bench()
    assert done.problems == ()
    (entry,) = load_manifest(done.manifest).papers
    assert Path(entry.paper).read_text() == "This is paper.md."
    assert (rice.root / "papers/rice/paper.pdf").read_text() == "This is paper.pdf."
    assert entry.blacklist is not None
    assert entry.blacklist.read_text() == "https://github.com/x/rice\n"
    assert (entry.rubric, entry.addendum, entry.gold) == (
        rice.root / "papers/rice/rubric.json",
        rice.root / "papers/rice/addendum.md",
        None,
    )


def test_a_wrong_hash_is_reported_and_the_rest_is_fetched(rice: World) -> None:
    rice.serve_lfs("rice/rubric.json", b"This is another one.", announced=b"This is rubric.json.")
    done = rice.bench()
    assert ["has another hash or size than announced" in one for one in done.problems] == [True]
    assert load_manifest(done.manifest).papers[0].rubric is None
    assert not (rice.root / "papers/rice/rubric.json").exists()


def test_git_lfs_content_is_resumed_by_another_process(rice: World) -> None:
    content = f"/media{ROOT}/rice/paper.pdf"
    rice.server.cuts[content] = [5] + [0] * 4
    with pytest.raises(FetchError, match="Nothing could be fetched"):
        rice.bench()
    del rice.server.cuts[content]
    rice.server.asked.clear()
    assert rice.bench().problems == ()
    assert [asked for path, asked in rice.server.asked if path == content] == ["bytes=5-"]
    assert (rice.root / "papers/rice/paper.pdf").read_text() == "This is paper.pdf."


def test_a_missing_addendum_is_no_problem(rice: World) -> None:
    del rice.server.files[f"{ROOT}/rice/addendum.md"]
    done = rice.bench()
    assert (done.problems, load_manifest(done.manifest).papers[0].addendum) == ((), None)


def test_the_pdf_replaces_a_missing_text(rice: World) -> None:
    del rice.server.files[f"{ROOT}/rice/paper.md"]
    done = rice.bench()
    assert len(done.problems) == 1
    assert load_manifest(done.manifest).papers[0].paper.endswith("paper.pdf")


def test_an_unreachable_server_keeps_complete_papers(rice: World) -> None:
    rice.server.busy[f"{ROOT}/ftrl/config.yaml"] = ["9999"]
    with pytest.raises(FetchError, match=r"Nothing could be fetched.*asks to wait 9999 s"):
        rice.bench("ftrl")
    rice.server.files[f"{ROOT}/sapg/config.yaml"] = b"id: sapg"
    rice.server.busy[f"{ROOT}/sapg/paper.md"] = ["9999"]
    done = rice.bench("rice", "sapg")
    assert done.papers == ("rice",)
    assert len(done.problems) == 1


def test_papers_that_are_complete_stay_in_the_manifest_of_an_unreachable_server(rice: World) -> None:
    assert rice.bench().problems == ()
    rice.server.busy[f"{ROOT}/ftrl/config.yaml"] = ["9999"]
    rice.server.asked.clear()
    done = rice.bench("ftrl", "lbcs", "rice")
    assert [entry.id for entry in load_manifest(done.manifest).papers] == ["rice"]
    assert [path for path, _ in rice.server.asked] == [f"{ROOT}/ftrl/config.yaml"]
    assert ["asks to wait 9999 s" in one for one in done.problems] == [True]


def test_a_file_that_changed_on_the_server_is_discarded(rice: World) -> None:
    rice.bench()
    (rice.root / "papers/rice/blacklist.txt").unlink()
    rice.server.files[f"{ROOT}/rice/blacklist.txt"] = b"nothing\n"
    (problem,) = rice.bench().problems
    assert "has changed since papers/rice/blacklist.txt was first fetched" in problem
    assert not (rice.root / "papers/rice/blacklist.txt").exists()


def test_a_file_that_changed_locally_is_reported(rice: World) -> None:
    rice.bench()
    (rice.root / "papers/rice/rubric.json").write_text("{}")
    (problem,) = rice.bench().problems
    assert "has changed since it was fetched. Delete it to fetch it again" in problem
    assert (rice.root / "papers/rice/rubric.json").read_text() == "{}"


def test_files_of_the_user_are_kept(rice: World) -> None:
    own = rice.root / "papers/rice/addendum.md"
    own.parent.mkdir(parents=True)
    own.write_text("Mine.")
    assert rice.bench().problems == ()
    assert own.read_text() == "Mine."


def test_an_edited_manifest_is_not_overwritten(rice: World) -> None:
    path = rice.bench().manifest
    assert rice.bench().manifest == path
    path.write_text(path.read_text() + "repeats: 3\n")
    assert rice.bench().manifest == path.with_name("manifest.new.yaml")
    assert load_manifest(path).repeats == 3


def test_ids_from_a_list_file(rice: World, tmp_path: Path) -> None:
    own = tmp_path / "ids"
    own.write_text("# some\nrice\n\nnew-one # not there\n")
    done = rice.fetch(lambda data, hosts: PaperBench(data, hosts, own))
    assert done.papers == ("rice",)
    own.write_text("../../x\n")
    with pytest.raises(SettingsError, match="is not a PaperBench id"):
        rice.fetch(lambda data, hosts: PaperBench(data, hosts, own))


def test_the_built_in_list_has_twenty_papers(world: World) -> None:
    data = DataFolder(world.root, Downloads(web_client(1)))
    assert len(PaperBench(data, Hosts()).paper_ids(())) == 20


def test_hosts() -> None:
    hosts = Hosts()
    address = f"{hosts.files}{ROOT}/rice/paper.pdf"
    assert hosts.lfs_content(address) == f"https://media.githubusercontent.com/media{ROOT}/rice/paper.pdf"
    for page in ("https://github.com/a/b.c", "http://www.github.com/a/b.c.git", "https://github.com/a/b.c/tree/main/d"):
        assert hosts.archive(page) == "https://codeload.github.com/a/b.c/zip/HEAD"
    assert hosts.archive("https://github.com/a") is None
    assert hosts.archive("https://github.com/../b") is None
    with pytest.raises(SettingsError, match="--from ftp://x is not a URL"):
        hosts_at("ftp://x")


def test_s2orc_is_read(world: World) -> None:
    world.gold("auto-j")
    assert isinstance(read(str(world.root / "papers/iclr2024/auto-j.json")), Paper)
