"""git in a repository that someone else may have made, and the history of a generated one: commits and differences.

A repository's own settings can name programs: hooks, file system monitors, filters, diff drivers. Those that could are
not overridden one by one; git is not run at all unless everything in `.git/config` is known to be harmless.
"""

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from papercoder.errors import RunFolderError
from papercoder.files.regular import delete, is_file, read_text, special_files, walk, write_failure
from papercoder.files.temporary import temporary_folder

_MAX_OUTPUT = 2_000_000
"""Bytes of git's output that are read."""

_OPTIONS = (
    *("--no-pager", "--literal-pathspecs", "--git-dir=.git"),
    *("-c", "commit.gpgsign=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "core.autocrlf=false"),
    *("-c", "core.excludesFile=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.quotePath=false"),
    *("-c", "gc.auto=0"),
    *("-c", "log.showSignature=false"),
    *("-c", "maintenance.auto=false"),
    *("-c", "protocol.allow=never"),
)

_CLONE_SECONDS = 300.0
_LARGEST_CLONED_FILE = 512 * 2**20
"""Bytes; the packed repository is one file."""

_PROTOCOL = "https"
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]{1,255}(?::\d{1,5})?/[\w.~+/-]{1,500}", re.ASCII)
_OF_THE_NETWORK = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_DIR", "SSL_CERT_FILE")

_VARIABLES = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
}

_HARMLESS = {
    "branch": frozenset({"description", "merge", "pushremote", "rebase", "remote", "vscode-merge-base"}),
    "core": frozenset(
        {
            "bare",
            "filemode",
            "ignorecase",
            "logallrefupdates",
            "precomposeunicode",
            "repositoryformatversion",
            "symlinks",
        }
    ),
    "remote": frozenset({"fetch", "pushurl", "url"}),
    "user": frozenset({"email", "name"}),
}
"""Section of `.git/config` -> its keys that name no program and no other folder; remotes are never contacted."""

_SECTION = re.compile(r'\[(\w+)(?: "[\w./-]+")?\]')
_SETTING = re.compile(r"([\w-]+) ?= ?[^\\\"]*")
_ELSEWHERE = (
    ".git",
    ".git/commondir",
    ".git/config.worktree",
    ".git/objects/info/alternates",
    ".git/objects/info/http-alternates",
)
"""Files with which git reads settings or objects from another folder."""


@dataclass(frozen=True)
class Output:
    """What a git command printed, such as a diff."""

    text: str
    is_cut: bool
    """Whether it is longer than can be shown."""


async def run_git(folder: Path, *arguments: str, variables: Mapping[str, str]) -> Output:
    """Run a git command in the root of a repository.

    Raises:
        RunFolderError: git is missing or failed, or the repository brings settings that could run programs.
    """
    require_plain_git(folder)
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            *_OPTIONS,
            *arguments,
            cwd=folder,
            env={**inherited, **_VARIABLES, **variables},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise RunFolderError("git was not found. Install git and run the same command again.") from error
    return await _read_output(process, f"git {arguments[0]} failed in {folder}")


def is_clone_address(text: str) -> bool:
    """Whether git may clone from this address: by https, without a user or a query."""
    return _ADDRESS.fullmatch(text) is not None


async def clone(address: str, folder: Path) -> None:
    """Clone the newest commit of a repository into a new folder, without links, submodules, hooks, filters and log-ins.

    Args:
        address: one that `is_clone_address` accepts; the caller makes sure that the server is a public one.
        folder: does not exist yet.

    Raises:
        RunFolderError: git is missing or failed, or the repository is too large or takes too long.
    """
    options = [option for option in _OPTIONS if not option.startswith("--git-dir")]
    options += ["-c", f"protocol.{_PROTOCOL}.allow=always", "-c", "http.followRedirects=false"]
    options += ["-c", "core.symlinks=false", "-c", "transfer.fsckObjects=true"]
    shallow = ("--quiet", "--depth=1", "--single-branch", "--template=", "--no-recurse-submodules")
    names = ("PATH", "SYSTEMROOT", "TMPDIR", *_OF_THE_NETWORK)
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            *("git", *options, "clone", *shallow, "--", address, str(folder)),
            env={**inherited, **_VARIABLES},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise RunFolderError("git was not found. Install git and run the same command again.") from error
    _limit_files(process.pid)
    try:
        async with asyncio.timeout(_CLONE_SECONDS):
            await _read_output(process, f"{address} could not be cloned")
    except TimeoutError as error:
        raise RunFolderError(f"{address} could not be cloned within {_CLONE_SECONDS:.0f} s.") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _limit_files(process: int) -> None:
    """Limit the size of each file that a process and its children write, where the system can."""
    import resource  # noqa: PLC0415 - it exists on Unix only

    if hasattr(resource, "prlimit"):
        with suppress(OSError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (_LARGEST_CLONED_FILE, _LARGEST_CLONED_FILE))


def require_plain_git(folder: Path) -> None:
    """Raise an error unless `.git` is missing, or a folder without links and with harmless settings.

    Raises:
        RunFolderError: it is not; says why.
    """
    special = (path for path in special_files(folder, lambda each: each.parts[0] == ".git") if path.parts[0] == ".git")
    links = [str(path) for path in special]
    files = [name for name in _ELSEWHERE if is_file(folder, name)]
    if links or files:
        problem = f"{[*links, *files][0]} leads elsewhere"
    else:
        problem = _setting_problem(read_text(folder, ".git/config") or "")
    if problem:
        raise RunFolderError(
            f"git was not run in {folder}, because {problem}, which could make git run a program or write elsewhere. "
            "Remove it, or delete the folder .git to start a new history."
        )


def _setting_problem(config: str) -> str:
    """The first line of a `.git/config` that is not known to be harmless; empty if there is none.

    The lines are those that git itself writes: a section or a setting each, without quotes and continuations.
    """
    harmless = frozenset[str]()
    for line in filter(None, map(str.strip, config.split("\n"))):
        section, setting = _SECTION.fullmatch(line), _SETTING.fullmatch(line)
        if section:
            harmless = _HARMLESS.get(section[1].lower(), frozenset())
        elif not setting or setting[1].lower() not in harmless:
            return f".git/config has the line `{line[:80]}`"
    return ""


async def _read_output(process: asyncio.subprocess.Process, failure: str) -> Output:
    """A process's output, up to the limit; the process is killed there."""
    assert process.stdout
    assert process.stderr
    errors = asyncio.create_task(process.stderr.read())
    output = bytearray()
    while len(output) <= _MAX_OUTPUT and (part := await process.stdout.read(65_536)):
        output += part
    if len(output) > _MAX_OUTPUT:
        process.kill()
        await asyncio.gather(process.wait(), errors)
        return Output(output[:_MAX_OUTPUT].decode(errors="replace"), is_cut=True)
    if await process.wait():
        raise RunFolderError(f"{failure}: {(await errors).decode(errors='replace').strip()}")
    return Output(output.decode(errors="replace"), is_cut=False)


_MAX_VERSIONS = 500
_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Version:
    """A commit."""

    id: str
    when: int
    """Seconds since the epoch."""

    message: str


@dataclass(frozen=True)
class History:
    """The git history of a folder."""

    folder: Path
    when: int = 0
    """The time of all commits, in seconds since the epoch, so that a resumed run makes the same history."""

    async def init(self) -> None:
        """Make the folder a git repository, and remove the locks of a git process that was killed in it.

        Raises:
            RunFolderError: git is missing, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(write_failure(self.folder, error)) from error
        for path in walk(self.folder, ".git"):
            if path.suffix == ".lock":
                delete(self.folder, f".git/{path}")
        await self._git("init", "--quiet", "--initial-branch=main")

    async def commit(self, message: str, paths: tuple[str, ...], deleted: tuple[str, ...] = ()) -> None:
        """Commit these files, and the deletion of others, if anything changed.

        A resumed run writes the same files again; a state that already has its commit gets no second one.

        Raises:
            RunFolderError: git failed.
        """
        if await self._stage(paths, deleted) and not await self._has_commit(message, paths):
            await self._git("commit", "--quiet", "--no-verify", "-m", message)

    async def commit_remaining(self, message: str, paths: tuple[str, ...]) -> None:
        """Commit those of these files that differ from the last commit, and leave nothing staged.

        Raises:
            RunFolderError: git failed.
        """
        if await self._stage(paths, ()):
            await self._git("commit", "--quiet", "--no-verify", "-m", message)

    async def commit_branch(self, branch: str, message: str, texts: Mapping[str, str]) -> None:
        """Commit the last commit with these files changed as a branch, without touching the folder's files.

        Args:
            branch: is created, or moved to the new commit.
            message: of the commit.
            texts: path -> text.

        Raises:
            RunFolderError: git failed.
        """
        with temporary_folder() as scratch:
            content, index = scratch / "content", {"GIT_INDEX_FILE": str(scratch / "index")}
            await self._git("read-tree", "HEAD", variables=index)
            for path, text in texts.items():
                content.write_text(text, encoding="utf-8", newline="\n")
                blob = (await self._git("hash-object", "-w", "--no-filters", str(content))).strip()
                await self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", variables=index)
            tree = (await self._git("write-tree", variables=index)).strip()
        commit = (await self._git("commit-tree", tree, "-p", "HEAD", "-m", message)).strip()
        await self._git("update-ref", f"refs/heads/{branch}", commit)

    async def versions(self) -> tuple[Version, ...]:
        """The latest commits, newest first; empty if there is no history.

        Raises:
            RunFolderError: git is missing, or cannot read the history.
        """
        if not (self.folder / ".git").is_dir() or not await self._git("for-each-ref", "--count=1", "refs/heads"):
            return ()
        log = await self._git("log", f"--max-count={_MAX_VERSIONS}", "--format=%H%x00%ct%x00%s")
        rows = (line.split("\0", maxsplit=2) for line in log.splitlines())
        return tuple(Version(row[0], int(row[1]), row[2]) for row in rows if len(row) == 3)

    async def diff(self, before: str, after: str) -> Output:
        """What changed from one commit to another.

        Raises:
            RunFolderError: one of them is not a commit of this repository, or git cannot read it.
        """
        for name in (before, after):
            if not _COMMIT.fullmatch(name):
                raise RunFolderError(f"{name[:80]!r} is not a version; choose one from the list.")
        return await self._run("diff", "--no-ext-diff", "--no-textconv", "--no-color", "-M", before, after, "--")

    async def _stage(self, paths: tuple[str, ...], deleted: tuple[str, ...]) -> bool:
        await self._git("reset", "--quiet")
        if paths:
            await self._git("add", "--force", "--", *paths)
        if deleted:
            await self._git("rm", "--cached", "--quiet", "--ignore-unmatch", "--", *deleted)
        return bool((await self._git("diff", "--cached", "--name-only")).strip())

    async def _has_commit(self, message: str, paths: tuple[str, ...]) -> bool:
        """Whether a commit with this message has these files as they are now."""
        for line in (await self._git("log", "--all", "--format=%H %s")).splitlines() if paths else ():
            commit, _, subject = line.partition(" ")
            if subject == message and not await self._git("diff", "--cached", "--name-only", commit, "--", *paths):
                return True
        return False

    async def _git(self, *arguments: str, variables: Mapping[str, str] = _NO_VARIABLES) -> str:
        return (await self._run(*arguments, variables=variables)).text

    async def _run(self, *arguments: str, variables: Mapping[str, str] = _NO_VARIABLES) -> Output:
        signature = {"NAME": "PaperCoder", "EMAIL": "papercoder@localhost", "DATE": f"{self.when} +0000"}
        signed = {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in signature.items()}
        return await run_git(self.folder, *arguments, variables={**signed, **variables})
