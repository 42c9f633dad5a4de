"""Records of Zenodo and figshare, found by their DOI, and data sets of OpenML."""

import re
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, Field

from papercoder.artifacts.data import DataSource
from papercoder.datasets.downloads import Content, Denied, Missing
from papercoder.datasets.release import Release, RemoteFile, by_hand, read_json, remote_file
from papercoder.errors import FetchError
from papercoder.paper.server import is_internal

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
