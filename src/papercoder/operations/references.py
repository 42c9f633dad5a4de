"""Adds code of other works to a run: a folder or a git address is read once, into the run folder.

What is in the run folder is used from then on, so that a run resumes without the network. A folder is read again as
long as it exists; a repository is cloned again if its file in `references/` is deleted.
"""

import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from papercoder.agents.references import Reference, ReferenceFile, References
from papercoder.concurrency import run_in_thread
from papercoder.errors import RunFolderError, SettingsError
from papercoder.files.regular import file_status, is_file, read_bytes, read_text, walk, write
from papercoder.files.temporary import temporary_folder
from papercoder.paper.server import is_internal
from papercoder.repository.git import clone, is_clone_address, run_git
from papercoder.runs.folder import digest, load
from papercoder.settings import Settings

FOLDER = "references"
"""In a run folder."""

_SUFFIXES = frozenset(
    """
    .c .cc .cfg .cpp .cu .cuh .go .h .hpp .ini .java .jl .js .lua .m .md .py .pyi .pyx .r .rs .rst .sh .toml .ts .yaml
    .yml
    """.split()
)
_SKIPPED = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"})
_LESS_RELEVANT = frozenset("benchmarks doc docs test testing tests".split())
"""Folders that are left out first."""

_LARGEST_FILE = 200_000
_LARGEST = 8 * 2**20
"""Bytes of the texts of one reference."""

_LARGEST_CONFIG = 64 * 1024
_MOST_FILES = 20_000
_LONGEST_LINES = 300
"""Characters of a line on average; longer ones are data or minified code."""

_PATH = re.compile(r"[\w./+@=, -]{1,200}")
"""Paths that a citation can name."""

_LICENCE_FILE = re.compile(r"(?:licen[cs]e|copying|unlicense)(?:[.-][\w.-]+)?", re.IGNORECASE)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([\w.+-]+)")
_LICENCES = (
    ("noncommercial|non-commercial", "non-commercial licence"),
    ("gnu affero general public license", "AGPL"),
    ("gnu lesser general public license|gnu library general public license", "LGPL"),
    ("gnu general public license", "GPL"),
    ("mozilla public license", "MPL"),
    (r"apache license,?\s+version 2\.0", "Apache-2.0"),
    ("permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    ("redistribution and use in source and binary forms", "BSD"),
    ("permission to use, copy, modify, and(?:/or)? distribute this software for any purpose", "ISC"),
    ("this is free and unencumbered software", "Unlicense"),
    ("cc0 1.0 universal", "CC0-1.0"),
)
"""Words of a licence -> its name; the first that occurs counts."""


async def take_references(folder: Path, settings: Settings) -> tuple[str, ...]:
    """Write the references of a run into its folder, except for those that it has.

    Returns:
        Messages about what was left out.

    Raises:
        SettingsError: one of them is on the blacklist, is neither a folder nor an https address, or has no code.
        RunFolderError: it cannot be cloned or read, or the run folder cannot be written.
    """
    messages = []
    for given in settings.references:
        require_allowed(given, settings.blacklist)
    for given, artifact in _artifacts(settings.references).items():
        is_folder = not is_address(given) and os.path.isdir(given)  # noqa: PTH112, ASYNC240  any text will do
        if is_file(folder, artifact) and not is_folder:
            require_allowed(load(folder, artifact, Reference).origin, settings.blacklist)
            continue
        if is_folder:
            origin = _remote(Path(given))
            require_allowed(origin, settings.blacklist)
            found, omitted = await run_in_thread(_read, Path(given), _name(given), origin, "")
        else:
            found, omitted = await _cloned(given)
        if omitted:
            messages.append(f"{omitted} files of {given} were left out, because it is too large")
        text = found.model_dump_json(indent=1) + "\n"
        if read_text(folder, artifact) != text:
            write(folder, artifact, text)
    return tuple(messages)


def stored_references(folder: Path, settings: Settings) -> References:
    """The references in a run folder, as far as the settings name them; nothing outside the folder is read."""
    items: list[Reference] = []
    for artifact in _artifacts(settings.references).values():
        if is_file(folder, artifact):
            item = load(folder, artifact, Reference)
            is_taken = item.name in {each.name for each in items}
            name = PurePosixPath(artifact).stem if is_taken else item.name
            items.append(item.model_copy(update={"name": name}))
    return References(items=tuple(items))


def _artifacts(references: Iterable[str]) -> dict[str, str]:
    """Folder or address -> its file in the run folder."""
    places = {given: given if is_address(given) else os.path.abspath(given) for given in references}  # noqa: PTH100
    return {given: f"{FOLDER}/{_name(given)}-{digest(place)[:6]}.json" for given, place in places.items()}


def _name(given: str) -> str:
    """A short name: the last part of a path or address."""
    last = (given if is_address(given) else os.path.abspath(given)).rstrip("/").removesuffix(".git").rpartition("/")[2]  # noqa: PTH100
    return re.sub(r"[^A-Za-z0-9_.]+", "_", last).strip("._")[:40] or "reference"


def is_address(given: str) -> bool:
    """Whether a reference is an address, not a folder."""
    return re.match(r"[a-z][a-z0-9+.-]*://|[^/\s]+@[^/\s]+:", given, re.IGNORECASE) is not None


def require_allowed(given: str, blacklist: tuple[str, ...]) -> None:
    """Require that the blacklist does not name a reference: by its address, its owner's, `owner/name` or its name.

    Raises:
        SettingsError: it does.
    """
    found = _plain(given if is_address(given) else os.path.abspath(given))  # noqa: PTH100
    for entry in blacklist:
        wanted = _plain(entry)
        if wanted and (
            f"{found}/".startswith(f"{wanted}/") or f"/{found}".endswith(f"/{wanted}") or wanted.startswith(f"{found}/")
        ):
            raise SettingsError(
                f"--reference {given} was not used, because the blacklist names {entry}; leave it out, or correct "
                "--blacklist."
            )


def _plain(address: str) -> str:
    """An address or a path without what does not matter: scheme, user, `www.`, `.git`, case."""
    text = re.sub(r"^[a-z][a-z0-9+.-]*://", "", address.strip().lower())
    text = re.sub(r"^[^/@\s]+@([^/:\s]+):", r"\1/", text)
    return text.removeprefix("www.").partition("#")[0].partition("?")[0].rstrip("/").removesuffix(".git")


async def _cloned(address: str) -> tuple[Reference, int]:
    if not is_clone_address(address):
        raise SettingsError(
            f"--reference {address} is neither a folder nor an address that git may clone from; write it as "
            "https://HOST/OWNER/NAME, or clone it and give the folder."
        )
    if await run_in_thread(is_internal, urlsplit(address).hostname or ""):
        raise SettingsError(
            f"--reference {address} is on this machine or in a private network, and is not cloned; clone it and give "
            "the folder."
        )
    with temporary_folder() as parent:
        try:
            await clone(address, parent / "clone")
        except RunFolderError as error:
            raise RunFolderError(f"{error} Check the address, or clone it yourself and give the folder.") from error
        revision = (await run_git(parent / "clone", "rev-parse", "HEAD", variables={})).text.strip()
        return await run_in_thread(_read, parent / "clone", _name(address), address, revision)


def _remote(folder: Path) -> str:
    """The address of a folder's remote, as its git configuration has it; else the folder's name."""
    try:
        config = read_text(folder, ".git/config", _LARGEST_CONFIG) or ""
    except RunFolderError:  # a link, a pipe, or too large
        config = ""
    found = re.search(r"^[ \t]*url[ \t]*=[ \t]*(\S+)[ \t]*$", config, re.MULTILINE)
    address = re.sub(r"(?<=://)[^/@\s]*@", "", found[1]) if found else ""
    return address if is_address(address) else folder.resolve().name


def _read(folder: Path, name: str, origin: str, revision: str) -> tuple[Reference, int]:
    """A folder's texts, and how many files were left out because together they are too large.

    Raises:
        SettingsError: it has no code.
    """
    texts, licences, room, omitted = dict[str, str](), dict[str, str](), _LARGEST, 0
    paths = walk(folder, enters=_is_entered, most=_MOST_FILES)
    for path in sorted(paths, key=lambda path: (bool(_LESS_RELEVANT.intersection(path.parts)), str(path))):
        is_licence = _LICENCE_FILE.fullmatch(path.name) is not None
        if (
            path.name.startswith(".")
            or not _PATH.fullmatch(str(path))
            or not (is_licence or path.suffix.lower() in _SUFFIXES)
        ):
            continue
        text = _text(folder, str(path))
        if is_licence and path.suffix.lower() != ".py":
            licences[str(path.parent)] = _licence(text)
        elif len(text) > room:
            omitted += 1
        elif text.strip() and len(text) <= _LONGEST_LINES * (text.count("\n") + 1):
            texts[str(path)] = text
            room -= len(text)
    if "." not in licences and (declared := _declared_licence(texts.get("pyproject.toml", ""))):
        licences["."] = declared
    if all(path.endswith((".md", ".rst")) for path in texts):
        raise SettingsError(f"--reference {origin} has no code that can be read; give a folder with source files.")
    files = tuple(
        ReferenceFile(path=path, text=text, licence=_of(path, text, licences)) for path, text in texts.items()
    )
    return Reference(name=name, origin=origin, revision=revision or digest(files), files=files), omitted


def _is_entered(path: PurePosixPath) -> bool:
    return not path.name.startswith(".") and path.name not in _SKIPPED


def _text(folder: Path, name: str) -> str:
    """The text of a file; empty if it is too large, cannot be read or is not UTF-8."""
    status = file_status(folder, name)
    if status is None or status.st_size > _LARGEST_FILE:
        return ""
    try:
        return (read_bytes(folder, name, _LARGEST_FILE) or b"").decode("utf-8").replace("\r\n", "\n")
    except (RunFolderError, UnicodeDecodeError):
        return ""


def _of(path: str, text: str, licences: dict[str, str]) -> str:
    """The licence of a file: its own, or that of the nearest folder above it."""
    if found := _SPDX.search(text[:3000]):
        return found[1]
    return next((licences[str(parent)] for parent in PurePosixPath(path).parents if str(parent) in licences), "")


def _licence(text: str) -> str:
    """The name of a licence by its words."""
    plain = " ".join(text.lower().split())
    return next((name for pattern, name in _LICENCES if re.search(pattern, plain)), "unknown licence")


def _declared_licence(pyproject: str) -> str:
    """The licence that a `pyproject.toml` declares as a name."""
    try:
        licence = tomllib.loads(pyproject).get("project", {}).get("license", "")
    except (tomllib.TOMLDecodeError, AttributeError):
        return ""
    text = licence.get("text", "") if isinstance(licence, dict) else licence
    return text if isinstance(text, str) and re.fullmatch(r"[\w.+ -]{1,60}", text) else ""
