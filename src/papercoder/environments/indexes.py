"""The user's package index settings for pip and uv. Only installers receive them, since they may contain passwords."""

import configparser
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from papercoder.artifacts.execution import Outcome
from papercoder.sandbox.contract import Bind

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

_UV = (
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
    names = {*_UV, *_NETWORK, *(name.lower() for name in _NETWORK)}
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
