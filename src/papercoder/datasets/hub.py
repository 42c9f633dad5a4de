"""Data sets and models of the Hugging Face Hub."""

from urllib.parse import quote

import httpx
from huggingface_hub import constants, get_token
from pydantic import BaseModel, Field

from papercoder.artifacts.data import DataSource
from papercoder.datasets.downloads import Content
from papercoder.datasets.release import Release, RemoteFile, by_hand, parse_json, remote_file, request
from papercoder.errors import FetchError


class _LargeFile(BaseModel):
    sha256: str


class _File(BaseModel):
    rfilename: str
    size: int | None = None
    blob_id: str | None = Field(default=None, alias="blobId")
    lfs: _LargeFile | None = None


class _Card(BaseModel):
    license: str | list[str] | None = None


class _Repository(BaseModel):
    sha: str
    siblings: tuple[_File, ...] = ()
    gated: bool | str = False
    card: _Card | None = Field(default=None, alias="cardData")


def hub_release(source: DataSource, client: httpx.Client, endpoint: str | None = None) -> Release:
    """The commit of a repository on the Hub, and those of its files that are needed.

    The token is found as `huggingface_hub` does: `HF_TOKEN`, else the login of `hf auth login`.

    Args:
        source: of the kind `hf_dataset` or `hf_model`.
        client: asks the Hub.
        endpoint: the Hub's address; None: `HF_ENDPOINT`, else huggingface.co.

    Raises:
        FetchError: the repository, its revision or its files do not exist, are private, or the Hub cannot be reached.
    """
    endpoint = (endpoint or constants.ENDPOINT).rstrip("/")
    kind = "dataset" if source.kind == "hf_dataset" else "model"
    page = f"{endpoint}/{'datasets/' if kind == 'dataset' else ''}{source.id}"
    revision, token = source.revision or "main", get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"{endpoint}/api/{kind}s/{quote(source.id)}/revision/{quote(revision, safe='')}?blobs=true"
    response = request(client, "GET", address, headers)
    if response.status_code in {401, 403, 404}:
        raise FetchError(_reason(source, page, revision, response.headers.get("X-Error-Code", "")))
    found = parse_json(response, _Repository)
    files = tuple(file for file in found.siblings if source.needs(file.rfilename))
    if not files:
        raise FetchError(
            f"{source.name}: {page} has no files that match {', '.join(source.files)}. Correct its `files` in "
            "planning/data.json."
        )
    licence = found.card.license if found.card else None
    return Release(
        source,
        tuple(_remote(file, f"{page}/resolve/{found.sha}") for file in files),
        revision=found.sha,
        licence=", ".join(licence) if isinstance(licence, list) else licence or "",
        headers=headers,
        denied=_gated(source, page),
    )


def _remote(file: _File, folder: str) -> RemoteFile:
    known = f"sha256:{file.lfs.sha256}" if file.lfs else f"git:{file.blob_id}" if file.blob_id else ""
    return remote_file(file.rfilename, f"{folder}/{quote(file.rfilename)}", Content(known, file.size))


def _gated(source: DataSource, page: str) -> str:
    return (
        f"{source.name} is gated: accept its terms at {page}, set HF_TOKEN to a token of your account, and run the "
        "same command again."
    )


def _reason(source: DataSource, page: str, revision: str, code: str) -> str:
    """Why a repository is not available, from the Hub's error code."""
    if code == "GatedRepo":
        return _gated(source, page)
    if code == "RevisionNotFound":
        return f"{source.name}: {page} has no revision {revision}. Correct its `revision` in planning/data.json."
    return (
        f"{source.name}: {page} does not exist, or is private. Correct its `id` in planning/data.json, or set HF_TOKEN "
        f"to a token that may read it. {by_hand(source)}"
    )
