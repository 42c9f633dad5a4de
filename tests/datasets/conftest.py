"""A server on this machine, a cache, and downloads that wait for nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from papercoder.artifacts import DataSource, LockedSource
from papercoder.datasets.cache import DataCache, Release
from papercoder.datasets.downloads import Downloads, web_client
from papercoder.datasets.fetch import fetch_release
from papercoder.datasets.servers import hub_release
from tests.server import Server, serving


@dataclass
class World:
    """The server and the user's cache."""

    server: Server
    client: httpx.Client
    cache: DataCache
    progress: list[tuple[str, int, int | None]] = field(default_factory=list)

    @property
    def downloads(self) -> Downloads:
        """Downloads from the server."""
        return Downloads(self.client, lambda *step: self.progress.append(step), lambda _: None, 10**6)

    def hub(self, source: DataSource) -> Release:
        """The release of a source on the served Hub."""
        return hub_release(source, self.client, self.server.address)

    def fetch(self, release: Release) -> LockedSource:
        """Fetch a release into the cache."""
        return fetch_release(release, self.cache, self.downloads)

    def texts(self, found: LockedSource) -> dict[str, bytes]:
        """The fetched files."""
        folder = self.cache.path(found)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("papercoder.datasets.servers.get_token", lambda: None)
    monkeypatch.setattr("papercoder.datasets.servers.is_internal", lambda _: False)  # the server is on this machine
    with serving() as server, web_client(5) as client:
        yield World(server, client, DataCache(tmp_path / "cache"))
