"""Single files and archives at a URL."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import httpx

from papercoder.artifacts.data import DataSource
from papercoder.datasets.downloads import Content
from papercoder.datasets.release import Release, by_hand, remote_file, request
from papercoder.errors import FetchError
from papercoder.paper.server import is_internal

_FILE_NAME = re.compile(r"filename=\"?([^\";]+)\"?", re.IGNORECASE)


def url_release(source: DataSource, client: httpx.Client) -> Release:
    """The file at a URL, as a HEAD request describes it.

    Raises:
        FetchError: there is no such file, the server cannot be reached, or it is in a private network.
    """
    if is_internal(urlsplit(source.id).hostname or ""):
        raise FetchError(
            f"{source.name}: {source.id} is an address of this machine or of a private network, so it was not "
            f"fetched. {by_hand(source)}"
        )
    response = request(client, "HEAD", source.id)
    if response.status_code in {404, 410}:
        raise FetchError(
            f"{source.name}: {source.id} does not exist ({response.status_code}). Correct its `id` in "
            f"planning/data.json. {by_hand(source)}"
        )
    # Many servers answer HEAD with an error though GET works; then the size stays unknown.
    length = response.headers.get("Content-Length", "") if response.is_success else ""
    size = int(length) if length.isdecimal() and "Content-Encoding" not in response.headers else None
    return Release(
        source,
        (remote_file(_name(response, source.id), source.id, Content(source.hash, size)),),
        revision=response.headers.get("ETag", "").strip('"') if response.is_success else "",
        denied=f"{source.name}: {source.id} denies access. {by_hand(source)}",
        unpacks=True,
    )


def _name(response: httpx.Response, address: str) -> str:
    """The name that the server gives the file, else the last part of its address."""
    given = _FILE_NAME.search(response.headers.get("Content-Disposition", "")) if response.is_success else None
    name = PurePosixPath(unquote(given[1] if given else urlsplit(address).path)).name
    return re.sub(r"[^\w.-]+", "_", name).lstrip(".") or "data"
