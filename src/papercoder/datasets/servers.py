"""Where data sets and models are: the Hugging Face Hub, Zenodo, figshare, OpenML, and files at a URL."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import httpx
from huggingface_hub import constants, get_token
from pydantic import BaseModel, Field

from papercoder.artifacts import DataSource
from papercoder.datasets.cache import Release, RemoteFile, by_hand, parse_json, read_json, remote_file, request
from papercoder.datasets.downloads import Content, Denied, Missing
from papercoder.errors import FetchError
from papercoder.paper.server import is_internal


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


ZENODO = "https://zenodo.org"
FIGSHARE = "https://api.figshare.com"
OPENML = "https://www.openml.org"

_ZENODO_DOI = re.compile(r"10\.\d+/zenodo\.(\d+)", re.IGNORECASE)
_FIGSHARE_DOI = re.compile(r"10\.\d+/\S*?figshare\.(?:\w+\.)?(\d+)(?:\.v(\d+))?", re.IGNORECASE)


class _ZenodoLinks(BaseModel):
    self: str


class _ZenodoFile(BaseModel):
    key: str
    size: int
    checksum: str
    """`md5:...`."""

    links: _ZenodoLinks


class _ZenodoLicence(BaseModel):
    id: str


class _ZenodoMetadata(BaseModel):
    license: _ZenodoLicence | None = None


class _ZenodoRecord(BaseModel):
    id: int
    metadata: _ZenodoMetadata
    files: tuple[_ZenodoFile, ...] = ()


class _FigshareFile(BaseModel):
    name: str
    size: int
    download_url: str
    computed_md5: str = ""


class _FigshareLicence(BaseModel):
    name: str


class _FigshareArticle(BaseModel):
    version: int
    license: _FigshareLicence | None = None
    files: tuple[_FigshareFile, ...] = ()


class _OpenMlData(BaseModel):
    version: str
    url: str
    licence: str = ""
    md5_checksum: str = ""


class _OpenMlAnswer(BaseModel):
    data: _OpenMlData = Field(alias="data_set_description")


def doi_release(source: DataSource, client: httpx.Client, zenodo: str = ZENODO, figshare: str = FIGSHARE) -> Release:
    """The files of a record on Zenodo or figshare.

    Raises:
        FetchError: the DOI belongs to another archive, or the record cannot be read.
    """
    try:
        if found := _ZENODO_DOI.fullmatch(source.id):
            return _zenodo(source, read_json(client, f"{zenodo}/api/records/{found[1]}", _ZenodoRecord))
        if found := _FIGSHARE_DOI.fullmatch(source.id):
            version = f"/versions/{found[2]}" if found[2] else ""
            return _figshare(source, read_json(client, f"{figshare}/v2/articles/{found[1]}{version}", _FigshareArticle))
    except (Missing, Denied) as error:
        raise _unavailable(source, f"https://doi.org/{source.id}") from error
    raise FetchError(
        f"{source.name}: https://doi.org/{source.id} is not a record of Zenodo or figshare. {by_hand(source)}"
    )


def openml_release(source: DataSource, client: httpx.Client, openml: str = OPENML) -> Release:
    """The ARFF file of a data set on OpenML.

    Raises:
        FetchError: there is no such data set, or OpenML cannot be reached.
    """
    try:
        data = read_json(client, f"{openml}/api/v1/json/data/{source.id}", _OpenMlAnswer).data
    except (Missing, Denied) as error:
        raise _unavailable(source, f"{OPENML}/d/{source.id}") from error
    host = urlsplit(data.url).hostname or ""
    if host != urlsplit(openml).hostname and is_internal(host):  # who uploads a data set may write any address
        raise FetchError(
            f"{source.name}: OpenML names {data.url}, an address of this machine or of a private network, so it was "
            f"not fetched. {by_hand(source)}"
        )
    content = Content(f"md5:{data.md5_checksum}" if data.md5_checksum else "")
    return Release(source, (remote_file("dataset.arff", data.url, content),), data.version, data.licence)


def _zenodo(source: DataSource, record: _ZenodoRecord) -> Release:
    files = tuple(remote_file(file.key, file.links.self, Content(file.checksum, file.size)) for file in record.files)
    licence = record.metadata.license.id if record.metadata.license else ""
    return _release(source, files, str(record.id), licence)


def _figshare(source: DataSource, article: _FigshareArticle) -> Release:
    files = tuple(
        remote_file(
            file.name, file.download_url, Content(f"md5:{file.computed_md5}" if file.computed_md5 else "", file.size)
        )
        for file in article.files
    )
    return _release(source, files, str(article.version), article.license.name if article.license else "")


def _release(source: DataSource, files: tuple[RemoteFile, ...], revision: str, licence: str) -> Release:
    """The release with those files that match the source's patterns."""
    wanted = tuple(file for file in files if source.needs(file.path))
    if not wanted:
        raise _unavailable(source, f"https://doi.org/{source.id}")
    return Release(
        source,
        wanted,
        revision,
        licence,
        denied=f"{source.name}: https://doi.org/{source.id} denies access. {by_hand(source)}",
        unpacks=True,
    )


def _unavailable(source: DataSource, page: str) -> FetchError:
    return FetchError(
        f"{source.name}: {page} has no such files, or they are not public. Correct its `id` and `files` in "
        f"planning/data.json. {by_hand(source)}"
    )


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
