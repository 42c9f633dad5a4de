"""Installing runs nobody's code, and nobody can change what is installed.

A repository's lock used to be passed to the installer unchecked: `--no-binary` built a source package with the network,
and its code changed the cached copy of another package, which a later, honest run imported.
"""

import asyncio
import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from papercoder.artifacts.execution import Outcome
from papercoder.environments.environment import Installation, Packages
from papercoder.environments.installers import Indexes, Pip, Uv, find_tool
from papercoder.sandbox.contract import MIB, Bind, Command, Limits, Sandbox
from tests.sandbox.conftest import isolating

LIMITS = Limits(seconds=120, memory=1024 * MIB, processes=128, disk=256 * MIB)
HASH = f"--hash=sha256:{'0' * 64}"


@dataclass
class Watched:
    """A sandbox that records its commands, and runs them in another sandbox if it has one."""

    inner: Sandbox | None = None
    commands: list[Command] = field(default_factory=list)
    name: str = "watched"
    python: str = "/usr/bin/python3"
    system: str = "Python 3.11.0 on linux x86_64"

    async def run(self, command: Command) -> Outcome:
        self.commands.append(command)
        if self.inner:
            return await self.inner.run(command)
        if "compile" in command.argv:
            (command.folder.source / "requirements.lock").write_text(f"one==1.0 {HASH}\n", encoding="utf-8")
        return Outcome(exit_code=0, seconds=0.1, output="", sandbox=self.name)


def watched() -> Watched:
    inner = isolating()
    return Watched(inner, python=inner.python, system=inner.system)


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def wheel(folder: Path, name: str, code: str, requires: str = "") -> Path:
    """A wheel with one module."""
    about = f"{name}-1.0.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{name}.py": code,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {path: hashlib.sha256(text.encode()).digest() for path, text in files.items()}
    rows = (f"{path},sha256={base64.urlsafe_b64encode(found).decode().rstrip('=')}," for path, found in digests.items())
    files[f"{about}/RECORD"] = "\n".join([*rows, f"{about}/RECORD,,", ""])
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for inside, text in files.items():
            packed.writestr(inside, text)
    return path


def source_package(folder: Path, name: str, setup: str) -> Path:
    """A package that would have to be built."""
    path = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        for inside, text in {
            "setup.py": setup,
            "PKG-INFO": f"Metadata-Version: 1.0\nName: {name}\nVersion: 1.0\n",
        }.items():
            member = tarfile.TarInfo(f"{name}-1.0/{inside}")
            member.size = len(text.encode())
            packed.addfile(member, io.BytesIO(text.encode()))
    return path


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A package index in a folder."""
    (tmp_path / "index").mkdir()
    return tmp_path / "index"


def publish(index: Path, name: str, write: Callable[..., Path], *content: str) -> None:
    """Put a package into the index."""
    (index / name).mkdir(exist_ok=True)
    file = write(index / name, name, *content).name
    (index / name / "index.html").write_text(f'<a href="{file}">{file}</a>', encoding="utf-8")


@pytest.fixture
def packages(tmp_path: Path, index: Path) -> Packages:
    given = {"UV_DEFAULT_INDEX": f"file://{index}"}
    return Packages(tmp_path / "cache", Indexes(given, (Bind(index, str(index)),)), find_tool())


def install(packages: Packages, folder: Path, sandbox: Sandbox) -> Installation:
    return asyncio.run(packages.install(folder, sandbox, LIMITS))


LOCKS = [
    "--no-binary :all:",
    "--extra-index-url http://127.0.0.1:1/simple",
    "-i http://127.0.0.1:1/simple",
    "-r /etc/passwd",
    "-e .",
    "./one-1.0-py3-none-any.whl",
    f"one @ http://127.0.0.1:1/one-1.0.tar.gz {HASH}",
    f"one @ file:///tmp/one-1.0.tar.gz {HASH}",
    f"one>=1.0 {HASH}",
    f"one==1.* {HASH}",
    f"one {HASH}",
    "one==1.0",
    f"one==1.0 {HASH} --global-option=x",
    f"one==1.0 --config-settings=x {HASH}",
    f"one==1.0 ; python_version > '${{HOME}}' {HASH}",
    f"one==1.0 \\\n  {HASH} \\\n--no-binary one",
]


@pytest.mark.parametrize("line", LOCKS)
def test_a_lock_holds_nothing_but_packages_with_versions_and_hashes(tmp_path: Path, line: str) -> None:
    packages = Packages(tmp_path / "cache", Indexes({}, ()), Uv(Path("/usr/bin/uv")))
    folder = repository(tmp_path / "repo", {"requirements.txt": "one\n"})
    honest = install(packages, folder, Watched())
    assert honest.lock
    head = honest.lock.partition("\n")[0]
    (folder / "requirements.lock").write_text(f"{head}\none==1.0 {HASH}\n{line}\n", encoding="utf-8")
    sandbox = Watched()
    refused = install(packages, folder, sandbox)
    assert sandbox.commands == []
    assert refused.environment is None
    assert "is not a package with its version and hashes" in refused.reason


@pytest.mark.parametrize("tool", [Uv(Path("/usr/bin/uv")), Pip()], ids=lambda tool: tool.name)
def test_installers_take_wheels_alone_and_check_their_hashes(tmp_path: Path, tool: Uv | Pip) -> None:
    resolving, installing = tool.resolve("/usr/bin/python3"), tool.install("/usr/bin/python3")
    assert all("--only-binary :all:" in " ".join(argv) for argv in (resolving, installing))
    assert "--require-hashes" in installing


def test_a_source_package_is_not_built(tmp_path: Path, index: Path, packages: Packages) -> None:
    publish(index, "evil", source_package, "open('/environment/built', 'w').close()\n")
    sandbox = watched()
    ended = install(packages, repository(tmp_path / "repo", {"requirements.txt": "evil\n"}), sandbox)
    assert ended.environment is None
    assert list((tmp_path / "cache" / "environments").iterdir()) == []


def test_a_package_with_another_hash_is_not_installed(tmp_path: Path, index: Path, packages: Packages) -> None:
    publish(index, "one", wheel, "x = 1\n")
    folder = repository(tmp_path / "repo", {"requirements.txt": "one\n"})
    first = install(packages, folder, watched())
    assert first.environment
    assert first.lock
    (folder / "requirements.lock").write_text(first.lock.replace("sha256:", "sha256:0"), encoding="utf-8")
    assert "is not a package" in install(packages, folder, watched()).reason  # 65 digits
    publish(index, "one", wheel, "x = 'changed on the index'\n")
    (folder / "requirements.lock").write_text(first.lock, encoding="utf-8")
    fresh = Packages(tmp_path / "other", packages.indexes, packages.tool)
    assert install(fresh, folder, watched()).environment is None


def test_an_installation_keeps_no_downloads_that_another_could_change(
    tmp_path: Path, index: Path, packages: Packages
) -> None:
    publish(index, "one", wheel, "x = 1\n")
    publish(index, "two", wheel, "import one\n", "one")
    sandbox = watched()
    assert install(packages, repository(tmp_path / "repo", {"requirements.txt": "two\n"}), sandbox).environment
    (kept,) = (tmp_path / "cache").rglob("two.py")
    assert not list((tmp_path / "cache").rglob("*.whl"))
    assert not list((tmp_path / "cache").rglob(".downloads"))
    assert kept.stat().st_nlink == 1
    assert {bind.target for command in sandbox.commands for bind in command.writable} == set()


@pytest.mark.parametrize("change", ["other content", "one file more", "one file less", "a link"])
def test_an_environment_that_was_changed_is_not_used_but_made_again(
    tmp_path: Path, index: Path, packages: Packages, change: str
) -> None:
    publish(index, "one", wheel, "x = 1\n")
    folder = repository(tmp_path / "repo", {"requirements.txt": "one\n"})
    first = install(packages, folder, watched())
    assert first.environment
    assert first.lock
    (folder / "requirements.lock").write_text(first.lock, encoding="utf-8")
    (installed,) = (tmp_path / "cache").rglob("one.py")
    match change:
        case "other content":
            installed.write_text("x = 2\n", encoding="utf-8")
        case "one file more":
            installed.with_name("sitecustomize.py").write_text("x = 2\n", encoding="utf-8")
        case "one file less":
            installed.unlink()
        case _:
            installed.unlink()
            installed.symlink_to("/etc/hostname")
    sandbox = watched()
    again = install(packages, folder, sandbox)
    assert again.environment == first.environment
    assert any(command.phase == "install" for command in sandbox.commands)
    assert installed.read_text(encoding="utf-8") == "x = 1\n"
    assert not installed.with_name("sitecustomize.py").exists()


def test_an_unchanged_environment_is_used_again(tmp_path: Path, index: Path, packages: Packages) -> None:
    publish(index, "one", wheel, "x = 1\n")
    folder = repository(tmp_path / "repo", {"requirements.txt": "one\n"})
    first = install(packages, folder, watched())
    assert first.lock
    (folder / "requirements.lock").write_text(first.lock, encoding="utf-8")
    sandbox = watched()
    assert install(packages, folder, sandbox).environment == first.environment
    assert sandbox.commands == []
