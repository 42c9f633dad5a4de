"""What resolves and installs packages: uv or else pip, the user's index settings, and `requirements.lock`.

A repository brings its own lock, so nothing else is accepted in it: an option such as `--no-binary` or `--index-url`
would make the installer run a package's code.
"""

import configparser
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import BaseModel, ValidationError

from papercoder.artifacts import Outcome
from papercoder.sandbox.contract import Bind

REQUIREMENTS, LOCK = "requirements.txt", "requirements.lock"

MOST_BYTES = 4 << 20
"""The largest lock that is read."""

_HASHES = re.compile(r"( --hash=sha256:[0-9a-f]{64})+")


class InvalidLock(ValueError):
    """A line of the lock is not a package with a version and hashes; the message names the line."""


def locked_packages(text: str) -> tuple[str, ...]:
    """The packages in a lock, one a line: `name==version; marker --hash=sha256:...`.

    Raises:
        InvalidLock: a line is anything else.
    """
    return tuple(_locked_packages(text))


def _locked_packages(text: str) -> Iterator[str]:
    for raw in re.sub(r"\\\r?\n", " ", text).splitlines():
        line = " ".join(raw.split())
        if line and not line.startswith("#"):
            yield _package(line)


def _package(line: str) -> str:
    hashes = _HASHES.search(line)
    try:
        requirement = Requirement(line[: hashes.start()] if hashes else line)
    except InvalidRequirement:
        raise _invalid(line) from None
    pins = [specifier for specifier in requirement.specifier if specifier.operator == "=="]
    is_pinned = len(pins) == len(requirement.specifier) == 1 and "*" not in pins[0].version
    if not hashes or hashes.end() != len(line) or requirement.url or not is_pinned or "$" in line:
        raise _invalid(line)
    return f"{requirement}{hashes[0]}"


def _invalid(line: str) -> InvalidLock:
    return InvalidLock(
        f"`{line[:80]}` in {LOCK} is not a package with its version and hashes (`numpy==2.1.0 --hash=sha256:...`), so "
        f"nothing was installed. Delete {LOCK} to have it made again."
    )


_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "",
    "default-timeout": "",
    "retries": "",
}
"""pip's setting -> uv's variable for the same; empty where uv has none."""

_INDEX_UV = (
    "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_HTTP_TIMEOUT", "UV_INDEX", "UV_INDEX_STRATEGY",
    "UV_INDEX_URL", "UV_INSECURE_HOST", "UV_NATIVE_TLS", "UV_NO_INDEX", "UV_OFFLINE", "UV_SYSTEM_CERTS",
    "UV_TORCH_BACKEND",
)  # fmt: skip
_NETWORK = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Indexes:
    """The settings as environment variables, and the files that they name."""

    variables: Mapping[str, str]
    binds: tuple[Bind, ...]


def user_indexes(environment: Mapping[str, str] | None = None, home: Path | None = None) -> Indexes:
    """Gather the user's settings of pip and uv, from variables and files.

    Args:
        environment: None for this process's.
        home: None for the user's.
    """
    given = os.environ if environment is None else environment
    below = Path.home() if home is None else home
    config = Path(given.get("XDG_CONFIG_HOME") or below / ".config")
    pip = {**_from_files(_pip_files(given, below, config)), **_from_variables(given)}
    variables = {**_for_pip(pip), **_for_uv(pip), **_as_given(given)}
    file = Path(given.get("UV_CONFIG_FILE") or config / "uv" / "uv.toml")
    if file.is_file():
        variables["UV_CONFIG_FILE"] = str(file)
    return Indexes(variables, tuple(Bind(path, str(path)) for path in _files_named(variables)))


def _for_pip(pip: Mapping[str, str]) -> dict[str, str]:
    return {f"PIP_{key.replace('-', '_').upper()}": value for key, value in pip.items()}


def _for_uv(pip: Mapping[str, str]) -> dict[str, str]:
    """pip takes the best version of all indexes; uv does so only if configured."""
    variables = {_PIP[key]: value for key, value in pip.items() if _PIP[key]}
    if "UV_FIND_LINKS" in variables:
        variables["UV_FIND_LINKS"] = variables["UV_FIND_LINKS"].replace(" ", ",")
    if "UV_INDEX" in variables:
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return variables


def _as_given(given: Mapping[str, str]) -> dict[str, str]:
    names = {*_INDEX_UV, *_NETWORK, *(name.lower() for name in _NETWORK)}
    return {name: value for name, value in given.items() if name in names or _is_login(name)}


def _is_login(name: str) -> bool:
    return name.startswith("UV_INDEX_") and name.endswith(_LOGIN)


_LOGIN = ("_USERNAME", "_PASSWORD")


def _pip_files(given: Mapping[str, str], home: Path, config: Path) -> Iterator[Path]:
    """In the order in which pip reads them; later files override earlier ones."""
    if own := given.get("PIP_CONFIG_FILE"):
        yield Path(own)
        return
    yield from (Path("/etc/pip.conf"), home / ".pip" / "pip.conf", config / "pip" / "pip.conf")
    yield Path(sys.prefix) / "pip.conf"


def _from_files(paths: Iterator[Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):  # pip reports it itself
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found |= {key: _one_line(value) for key, value in parser.items(section) if key in _PIP}
    return found


def _from_variables(given: Mapping[str, str]) -> dict[str, str]:
    named = {key: f"PIP_{key.replace('-', '_').upper()}" for key in _PIP}
    return {key: _one_line(given[name]) for key, name in named.items() if given.get(name)}


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _files_named(variables: Mapping[str, str]) -> Iterator[Path]:
    """Local files and folders that the settings name."""
    words = dict.fromkeys(word for value in variables.values() for word in value.replace(",", " ").split())
    for path in map(_path, words):
        if path.is_absolute() and len(path.parts) > 1 and path.exists():
            yield path


def _path(word: str) -> Path:
    """The path of a word; for a local index, the parent of `simple`, since the files are beside it."""
    if not word.startswith("file:"):
        return Path(word)
    path = Path(unquote(urlsplit(word).path))
    return path.parent if path.name == "simple" else path


_OUTSIDE = re.compile(
    r"connection (refused|reset|aborted|timed out)|failed to establish a new connection|operation timed out"
    r"|read timed out|connect timeout|connection broken by|network is unreachable|no route to host|proxyerror"
    r"|name resolution|failed to lookup address|name or service not known|certificate.verif|invalid peer certificate"
    r"|server error \(5\d\d|5\d\d server error|no space left on device",
    re.IGNORECASE,
)
"""Messages of uv, pip and their libraries when the index or the disk fails; in the install phase no other code runs."""


def unreachable(outcome: Outcome) -> str:
    """Why packages could not be fetched, in one sentence; empty if the installer failed for another reason."""
    if outcome.succeeded or outcome.limit:
        return ""
    line = next((line.strip() for line in reversed(outcome.output.splitlines()) if _OUTSIDE.search(line)), "")
    if not line:
        return ""
    return f"packages could not be fetched; the next run tries again: {line[:300]}"


ENVIRONMENT = "/environment"
PYTHON = f"{ENVIRONMENT}/bin/python"
_TOOL_UV = "/tools/uv"
_WHEELS = ("--only-binary", ":all:")
_VERIFIED = (*_WHEELS, "--require-hashes")


class Tool(Protocol):
    """A program that works in the environment's folder, on its `requirements.txt` and `requirements.lock`."""

    @property
    def name(self) -> str:
        """`uv`, `pip`."""

    @property
    def binds(self) -> tuple[Bind, ...]:
        """Files that it needs in the sandbox."""

    def variables(self, downloads: str) -> Mapping[str, str]:
        """Its environment variables; `downloads` is a folder for what it downloads."""

    def resolve(self, python: str) -> tuple[str, ...]:
        """The command that resolves compatible versions."""

    def read_lock(self, folder: Path) -> str:
        """The resolved packages with their versions and hashes.

        Raises:
            InvalidLock: one of them is not a wheel.
        """

    def install(self, python: str) -> tuple[str, ...]:
        """The command that installs the locked packages."""


@dataclass(frozen=True)
class Uv:
    """uv, as a program of this machine."""

    program: Path
    name: str = "uv"

    @property
    def binds(self) -> tuple[Bind, ...]:
        """The program file."""
        return (Bind(self.program, _TOOL_UV),)

    def variables(self, downloads: str) -> Mapping[str, str]:
        """The cache."""
        return {"UV_CACHE_DIR": f"{downloads}/uv", "UV_NO_PROGRESS": "1"}

    def resolve(self, python: str) -> tuple[str, ...]:
        """`uv pip compile`."""
        form = ("--quiet", "--no-header", "--no-annotate", "--generate-hashes")
        return (_TOOL_UV, "pip", "compile", *form, *_WHEELS, "--python", python, "-o", LOCK, REQUIREMENTS)

    def read_lock(self, folder: Path) -> str:
        """The output of `uv pip compile`."""
        return (folder / LOCK).read_text(encoding="utf-8")

    def install(self, python: str) -> tuple[str, ...]:  # noqa: ARG002
        """`uv pip install`."""
        return _TOOL_UV, "pip", "install", "--quiet", *_VERIFIED, "--python", PYTHON, "-r", LOCK


class _PipArchive(BaseModel):
    hashes: dict[str, str]


class _PipDownload(BaseModel):
    archive_info: _PipArchive


class _PipMetadata(BaseModel):
    name: str
    version: str


class _PipPackage(BaseModel):
    """A package in pip's report. Only archives have hashes; a checked-out repository is not valid here."""

    metadata: _PipMetadata
    download_info: _PipDownload

    def __str__(self) -> str:
        """Its line in a lock."""
        sha256 = self.download_info.archive_info.hashes.get("sha256", "")
        return f"{self.metadata.name.lower()}=={self.metadata.version} --hash=sha256:{sha256}\n"


class _PipReport(BaseModel):
    """The report of `pip install --report`."""

    install: list[_PipPackage]


@dataclass(frozen=True)
class Pip:
    """The pip of the sandbox's interpreter."""

    name: str = "pip"
    binds: tuple[Bind, ...] = ()

    def variables(self, downloads: str) -> Mapping[str, str]:
        """The cache."""
        return {"PIP_CACHE_DIR": f"{downloads}/pip", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}

    def resolve(self, python: str) -> tuple[str, ...]:
        """`pip install --dry-run`, with a report."""
        dry = ("--dry-run", "--ignore-installed", "--quiet", "--report", "resolved.json")
        return python, "-I", "-m", "pip", "install", *dry, *_WHEELS, "-r", REQUIREMENTS

    def read_lock(self, folder: Path) -> str:
        """Names, versions and hashes from the report."""
        try:
            report = _PipReport.model_validate_json((folder / "resolved.json").read_bytes())
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise InvalidLock(f"pip resolved a package that is not a wheel of the index (at {where})") from error
        return "".join(sorted(map(str, report.install)))

    def install(self, python: str) -> tuple[str, ...]:
        """`pip install`, run from outside the environment, which has no pip."""
        return python, "-I", "-m", "pip", "--python", PYTHON, "install", "--quiet", *_VERIFIED, "-r", LOCK


def find_tool() -> Tool:
    """uv next to this interpreter or on the path, else pip. A uv for macOS would not run in a container."""
    program = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    return Uv(Path(program)) if program and sys.platform == "linux" else Pip()
