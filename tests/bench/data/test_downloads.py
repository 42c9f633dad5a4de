"""Downloads against a server that breaks off, is busy, refuses and lies."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from papercoder.bench.data.downloads import Downloads, Missing, Unreachable, web_client
from papercoder.bench.data.lfs import pointer_in
from papercoder.bench.data.partial_file import Content
from papercoder.errors import FetchError
from tests.bench.server import Server, serving

DATA = bytes(range(256)) * 400
CONTENT = Content(sha256=hashlib.sha256(DATA).hexdigest(), size=len(DATA))


@dataclass
class World:
    server: Server
    path: Path
    waited: list[float] = field(default_factory=list)
    told: list[tuple[int, int | None]] = field(default_factory=list)

    def fetch(self, content: Content | None = None, largest: int = 10**6) -> None:
        with web_client(5) as client:
            downloads = Downloads(client, self._tell, self.waited.append, largest)
            downloads.fetch(f"{self.server.address}/it", self.path, content)

    def _tell(self, address: str, done: int, total: int | None) -> None:
        self.told.append((done, total))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as server:
        server.files["/it"] = DATA
        yield World(server, tmp_path / "below" / "it")


def left(world: World) -> list[str]:
    return sorted(path.name for path in world.path.parent.iterdir())


def test_a_file_is_fetched_whole_and_says_who_asks(world: World) -> None:
    world.fetch()
    assert world.path.read_bytes() == DATA
    assert left(world) == ["it"]
    assert world.told[-1] == (len(DATA), len(DATA))
    assert world.server.headers[0]["User-Agent"].startswith("papercoder (")


def test_what_broke_off_is_resumed_where_it_was(world: World) -> None:
    world.server.cuts["/it"] = [1000, 5000]
    world.fetch()
    assert world.path.read_bytes() == DATA
    assert [asked for _, asked in world.server.asked] == ["", "bytes=1000-", "bytes=6000-"]
    assert world.waited == [2.0, 2.0]


def test_a_killed_download_goes_on_in_the_next_process(world: World) -> None:
    world.server.cuts["/it"] = [3000] + [0] * 4
    with pytest.raises(Unreachable, match="run the same command later"):
        world.fetch()
    assert left(world) == ["it.part", "it.tag"]
    world.server.asked.clear()
    del world.server.cuts["/it"]
    world.fetch()
    assert world.path.read_bytes() == DATA
    assert world.server.asked == [("/it", "bytes=3000-")]


def test_a_rest_of_another_file_is_never_joined(world: World) -> None:
    world.server.cuts["/it"] = [3000] + [0] * 4
    with pytest.raises(Unreachable):
        world.fetch()
    del world.server.cuts["/it"]
    world.server.files["/it"] = other = DATA[::-1]
    world.fetch()
    assert world.path.read_bytes() == other


@pytest.mark.parametrize("content", [None, CONTENT])
def test_without_a_tag_only_a_known_hash_allows_to_resume(world: World, content: Content | None) -> None:
    world.server.tags = False
    world.server.cuts["/it"] = [3000]
    world.fetch(content)
    assert world.path.read_bytes() == DATA
    assert world.server.asked[-1] == ("/it", "bytes=3000-" if content else "")


def test_a_server_without_ranges_is_asked_from_the_start(world: World) -> None:
    world.server.ranges = False
    world.server.cuts["/it"] = [3000, 5000]
    world.fetch()
    assert world.path.read_bytes() == DATA


def test_a_server_that_never_gets_further_is_given_up(world: World) -> None:
    world.server.ranges = False
    world.server.cuts["/it"] = [3000] * 20
    with pytest.raises(Unreachable):
        world.fetch()
    assert len(world.server.asked) == 5


def test_retry_after_is_waited_for(world: World) -> None:
    world.server.busy["/it"] = ["7", ""]
    world.fetch()
    assert world.waited == [7.0, 4.0]
    assert world.path.read_bytes() == DATA


def test_a_server_that_asks_for_an_hour_is_not_waited_for(world: World) -> None:
    world.server.busy["/it"] = ["3600"]
    with pytest.raises(Unreachable, match="answers 503 and asks to wait 3600 s"):
        world.fetch()
    assert world.waited == []


def test_what_is_not_there_or_refused_is_said_at_once(world: World) -> None:
    world.server.refused["/it"] = 403
    with pytest.raises(FetchError, match="is refused"):
        world.fetch()
    world.server.refused["/it"] = 404
    with pytest.raises(Missing, match="is not there"):
        world.fetch()
    assert len(world.server.asked) == 2


def test_a_wrong_hash_is_tried_once_more_and_not_kept(world: World) -> None:
    with pytest.raises(FetchError, match="its SHA-256 or size is another"):
        world.fetch(Content(sha256="0" * 64, size=len(DATA)))
    assert len(world.server.asked) == 2
    assert left(world) == []


def test_what_an_earlier_try_left_is_dropped_where_the_whole_is_wrong(world: World) -> None:
    world.path.parent.mkdir()
    world.path.with_name("it.part").write_bytes(b"x" * 100)
    world.fetch(CONTENT)
    assert world.path.read_bytes() == DATA
    assert [asked for _, asked in world.server.asked] == ["bytes=100-", ""]


@pytest.mark.parametrize("content", [None, Content(sha256="0" * 64, size=50)])
def test_no_file_is_larger_than_agreed(world: World, content: Content | None) -> None:
    with pytest.raises(FetchError, match="larger than it may be"):
        world.fetch(content, largest=1000)
    assert left(world) == []


def answer(code: int, body: bytes, *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {code} It", *headers, "Connection: close"])
    return f"{head}\r\n\r\n".encode("latin1") + body


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://127.0.0.1/it", "http://localhost:9/it", "//127.0.0.1:9/it"]
)
def test_a_server_may_not_send_us_elsewhere_unsealed(world: World, to: str) -> None:
    world.server.sent["/it"] = answer(302, b"", f"Location: {to}")
    with pytest.raises(FetchError, match="neither the same server nor https; it was not followed"):
        world.fetch()
    assert len(world.server.asked) == 1
    assert left(world) == []


def test_a_server_may_send_us_on_within_itself(world: World) -> None:
    world.server.files["/moved"] = DATA
    world.server.sent["/it"] = answer(302, b"", "Location: /moved")
    world.fetch()
    assert world.path.read_bytes() == DATA


def test_a_rest_that_is_less_than_announced_is_not_the_whole(world: World) -> None:
    world.path.parent.mkdir()
    world.path.with_name("it.part").write_bytes(DATA[:10])
    world.path.with_name("it.tag").write_text('"a"')
    world.server.sent["/it"] = answer(206, DATA[10:20], f"Content-Range: bytes 10-19/{len(DATA)}", "Content-Length: 10")
    with pytest.raises(Unreachable, match="it sent another part than was asked for"):
        world.fetch()
    assert [asked for _, asked in world.server.asked[:2]] == ["bytes=10-", "bytes=20-"]
    assert not world.path.exists()


def test_a_part_that_nobody_asked_for_is_not_the_whole(world: World) -> None:
    world.server.sent["/it"] = answer(206, DATA[:10], f"Content-Range: bytes 0-9/{len(DATA)}", "Content-Length: 10")
    with pytest.raises(Unreachable):
        world.fetch()
    assert not world.path.exists()


def test_a_tag_that_cannot_be_sent_back_is_not_kept(world: World) -> None:
    world.server.sent["/it"] = answer(200, b"abc", "Content-Length: 10", 'ETag: "\xe9"')
    with pytest.raises(Unreachable):
        world.fetch()
    assert {asked for _, asked in world.server.asked} == {""}


def test_what_is_packed_unasked_is_not_taken_for_the_file(world: World) -> None:
    world.server.sent["/it"] = answer(200, b"abc", "Content-Length: 3", "Content-Encoding: gzip")
    with pytest.raises(FetchError, match=r"is sent in another form \(gzip\)"):
        world.fetch()
    assert not world.path.exists()


def test_a_body_without_an_end_is_cut_off(world: World) -> None:
    world.server.sent["/it"] = answer(200, b"x" * 100_000)
    with pytest.raises(FetchError, match="larger than it may be"):
        world.fetch(largest=1000)
    assert left(world) == []


def test_a_server_that_is_not_there(world: World) -> None:
    world.server.address = "http://127.0.0.1:9"
    with pytest.raises(Unreachable, match="ConnectError"):
        world.fetch()
    assert world.waited == [2.0, 4.0, 8.0, 16.0]


def test_pointers_are_told_from_files(tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_bytes(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12\n".encode())
    assert pointer_in(path) == Content(sha256="a" * 64, size=12)
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:short\nsize 12\n")
    assert pointer_in(path) is None
    path.write_bytes(DATA)
    assert pointer_in(path) is None
