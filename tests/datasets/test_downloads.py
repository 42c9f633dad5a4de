"""Downloads from a server that cuts connections, is busy, denies access and sends wrong data."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from papercoder.bench.data_folder import lfs_pointer
from papercoder.datasets.downloads import Content, Downloads, Missing, Unreachable, web_client
from papercoder.errors import FetchError
from tests.server import Server, serving

DATA = bytes(range(256)) * 400
CONTENT = Content(hash=f"sha256:{hashlib.sha256(DATA).hexdigest()}", size=len(DATA))


@dataclass
class World:
    server: Server
    path: Path
    waited: list[float] = field(default_factory=list)
    progress: list[tuple[int, int | None]] = field(default_factory=list)

    def fetch(self, content: Content | None = None, largest: int = 10**6) -> None:
        with web_client(5) as client:
            downloads = Downloads(client, self._on_progress, self.waited.append, largest)
            downloads.fetch(f"{self.server.address}/it", self.path, content)

    def _on_progress(self, address: str, done: int, total: int | None) -> None:
        self.progress.append((done, total))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as server:
        server.files["/it"] = DATA
        yield World(server, tmp_path / "below" / "it")


def left(world: World) -> list[str]:
    return sorted(path.name for path in world.path.parent.iterdir())


def test_a_file_is_fetched_with_a_user_agent(world: World) -> None:
    world.fetch()
    assert world.path.read_bytes() == DATA
    assert left(world) == ["it"]
    assert world.progress[-1] == (len(DATA), len(DATA))
    assert world.server.headers[0]["User-Agent"].startswith("papercoder (")


def test_a_cut_download_is_resumed(world: World) -> None:
    world.server.cuts["/it"] = [1000, 5000]
    world.fetch()
    assert world.path.read_bytes() == DATA
    assert [asked for _, asked in world.server.asked] == ["", "bytes=1000-", "bytes=6000-"]
    assert world.waited == [2.0, 2.0]


def test_the_next_process_resumes_a_killed_download(world: World) -> None:
    world.server.cuts["/it"] = [3000] + [0] * 4
    with pytest.raises(Unreachable, match="Run the same command later"):
        world.fetch()
    assert left(world) == ["it.part", "it.tag"]
    world.server.asked.clear()
    del world.server.cuts["/it"]
    world.fetch()
    assert world.path.read_bytes() == DATA
    assert world.server.asked == [("/it", "bytes=3000-")]


def test_the_rest_of_a_changed_file_is_not_appended(world: World) -> None:
    world.server.cuts["/it"] = [3000] + [0] * 4
    with pytest.raises(Unreachable):
        world.fetch()
    del world.server.cuts["/it"]
    world.server.files["/it"] = other = DATA[::-1]
    world.fetch()
    assert world.path.read_bytes() == other


@pytest.mark.parametrize("content", [None, CONTENT])
def test_without_an_etag_only_a_known_hash_allows_resuming(world: World, content: Content | None) -> None:
    world.server.tags = False
    world.server.cuts["/it"] = [3000]
    world.fetch(content)
    assert world.path.read_bytes() == DATA
    assert world.server.asked[-1] == ("/it", "bytes=3000-" if content else "")


def test_a_server_without_ranges_sends_everything_again(world: World) -> None:
    world.server.ranges = False
    world.server.cuts["/it"] = [3000, 5000]
    world.fetch()
    assert world.path.read_bytes() == DATA


def test_retries_end_without_progress(world: World) -> None:
    world.server.ranges = False
    world.server.cuts["/it"] = [3000] * 20
    with pytest.raises(Unreachable):
        world.fetch()
    assert len(world.server.asked) == 5


def test_retry_after_is_respected(world: World) -> None:
    world.server.busy["/it"] = ["7", ""]
    world.fetch()
    assert world.waited == [7.0, 4.0]
    assert world.path.read_bytes() == DATA


def test_a_retry_after_of_an_hour_is_an_error(world: World) -> None:
    world.server.busy["/it"] = ["3600"]
    with pytest.raises(Unreachable, match="answers 503 and asks to wait 3600 s"):
        world.fetch()
    assert world.waited == []


def test_missing_and_denied_files_are_errors_without_a_retry(world: World) -> None:
    world.server.errors["/it"] = 403
    with pytest.raises(FetchError, match="access denied"):
        world.fetch()
    world.server.errors["/it"] = 404
    with pytest.raises(Missing, match="does not exist"):
        world.fetch()
    assert len(world.server.asked) == 2


def test_a_wrong_hash_is_retried_once_and_discarded(world: World) -> None:
    with pytest.raises(FetchError, match="has another hash or size than announced"):
        world.fetch(Content(hash=f"sha256:{'0' * 64}", size=len(DATA)))
    assert len(world.server.asked) == 2
    assert left(world) == []


def test_a_wrong_part_of_an_earlier_try_is_discarded(world: World) -> None:
    world.path.parent.mkdir()
    world.path.with_name("it.part").write_bytes(b"x" * 100)
    world.fetch(CONTENT)
    assert world.path.read_bytes() == DATA
    assert [asked for _, asked in world.server.asked] == ["bytes=100-", ""]


@pytest.mark.parametrize("content", [None, Content(hash=f"sha256:{'0' * 64}", size=50)])
def test_files_above_the_limit_are_errors(world: World, content: Content | None) -> None:
    with pytest.raises(FetchError, match="is larger than the limit"):
        world.fetch(content, largest=1000)
    assert left(world) == []


def answer(code: int, body: bytes, *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {code} It", *headers, "Connection: close"])
    return f"{head}\r\n\r\n".encode("latin1") + body


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://127.0.0.1/it", "http://localhost:9/it", "//127.0.0.1:9/it"]
)
def test_unsafe_redirects_are_not_followed(world: World, to: str) -> None:
    world.server.raw["/it"] = answer(302, b"", f"Location: {to}")
    with pytest.raises(FetchError, match="neither the same server nor https"):
        world.fetch()
    assert len(world.server.asked) == 1
    assert left(world) == []


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "10.0.0.7", "169.254.169.254", "[::1]", "[fd00::1]"])
def test_no_redirect_of_a_chain_leads_into_a_private_network(world: World, host: str) -> None:
    world.server.raw["/it"] = answer(302, b"", "Location: /next")
    world.server.raw["/next"] = answer(307, b"", f"Location: https://{host}/secret")
    with pytest.raises(FetchError, match="an address of this machine or of a private network"):
        world.fetch()
    assert [path for path, _ in world.server.asked] == ["/it", "/next"]
    assert left(world) == []


def test_redirects_within_the_server_are_followed(world: World) -> None:
    world.server.files["/moved"] = DATA
    world.server.raw["/it"] = answer(302, b"", "Location: /moved")
    world.fetch()
    assert world.path.read_bytes() == DATA


def test_a_short_rest_does_not_complete_the_file(world: World) -> None:
    world.path.parent.mkdir()
    world.path.with_name("it.part").write_bytes(DATA[:10])
    world.path.with_name("it.tag").write_text('"a"')
    world.server.raw["/it"] = answer(206, DATA[10:20], f"Content-Range: bytes 10-19/{len(DATA)}", "Content-Length: 10")
    with pytest.raises(Unreachable, match="it sent another part than requested"):
        world.fetch()
    assert [asked for _, asked in world.server.asked[:2]] == ["bytes=10-", "bytes=20-"]
    assert not world.path.exists()


def test_an_unrequested_part_does_not_complete_the_file(world: World) -> None:
    world.server.raw["/it"] = answer(206, DATA[:10], f"Content-Range: bytes 0-9/{len(DATA)}", "Content-Length: 10")
    with pytest.raises(Unreachable):
        world.fetch()
    assert not world.path.exists()


def test_an_etag_that_cannot_be_sent_back_is_ignored(world: World) -> None:
    world.server.raw["/it"] = answer(200, b"abc", "Content-Length: 10", 'ETag: "\xe9"')
    with pytest.raises(Unreachable):
        world.fetch()
    assert {asked for _, asked in world.server.asked} == {""}


def test_an_unrequested_encoding_is_an_error(world: World) -> None:
    world.server.raw["/it"] = answer(200, b"abc", "Content-Length: 3", "Content-Encoding: gzip")
    with pytest.raises(FetchError, match=r"is sent in the encoding gzip"):
        world.fetch()
    assert not world.path.exists()


def test_an_endless_body_is_an_error(world: World) -> None:
    world.server.raw["/it"] = answer(200, b"x" * 100_000)
    with pytest.raises(FetchError, match="is larger than the limit"):
        world.fetch(largest=1000)
    assert left(world) == []


def test_no_server(world: World) -> None:
    world.server.address = "http://127.0.0.1:9"
    with pytest.raises(Unreachable, match="ConnectError"):
        world.fetch()
    assert world.waited == [2.0, 4.0, 8.0, 16.0]


def test_lfs_pointers_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_bytes(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12\n".encode())
    assert lfs_pointer(path) == Content(hash=f"sha256:{'a' * 64}", size=12)
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:short\nsize 12\n")
    assert lfs_pointer(path) is None
    path.write_bytes(DATA)
    assert lfs_pointer(path) is None
