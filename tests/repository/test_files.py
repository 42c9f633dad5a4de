""""""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts.base import normalise_path
from papercoder.repository.files import (
    RESERVED_FILES,
    collisions,
    module_of,
    module_problem,
    path_problem,
    read_files,
    tokens,
)


def test_only_text_of_the_repositorys_own_is_read(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    own = ["main.py", "model.py", "requirements.txt", "src/a.py"]
    foreign = [".git/a.py", "__pycache__/a.py", "mine/lib/a.py", "weights.bin", "node_modules/a.json"]
    for name in (*own, *foreign):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text("x = 1\n", encoding="utf-8")
    (repository / "mine" / "pyvenv.cfg").touch()
    (repository / "big.json").write_text("1" * 300_000, encoding="utf-8")
    (repository / "link.py").symlink_to(repository / "main.py")
    assert [file.path for file in read_files(repository)] == own


PIECES = [
    "..",
    ".",
    "/",
    "\\",
    "a",
    "model.py",
    "C:",
    "~",
    " ",
    "\x00",
    "\n",
    "con",
    "é",
    "%2e",
    "-",
    "$HOME",
    "*",
    "file:",
]
PATHS = st.text() | st.lists(st.sampled_from(PIECES)).map("".join) | st.lists(st.sampled_from(PIECES)).map("/".join)


@given(PATHS)
def test_any_path_is_refused_or_stays_inside(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    spelt = normalise_path(path)
    assert normalise_path(spelt) == spelt
    if path_problem(spelt) is not None:
        return
    root = tmp_path_factory.mktemp("repository").resolve()
    file = root / spelt
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    assert file.resolve().is_relative_to(root)
    assert file.resolve() == file != root
    assert not any(part.startswith(".") for part in file.relative_to(root).parts)


@pytest.mark.parametrize(
    ("path", "spelt"),
    [
        ("model.py", "model.py"),
        ("./model.py", "model.py"),
        (" src/model.py\n", "src/model.py"),
        ("src\\model.py", "src/model.py"),
        ("src//data/./loader.py", "src/data/loader.py"),
        ("cafe\u0301.py", "café.py"),
    ],
)
def test_spellings_of_a_path_are_one(path: str, spelt: str) -> None:
    assert normalise_path(path) == spelt


@pytest.mark.parametrize("path", ["main.py", "src/model.py", "src/data_loader.py", "a/b/c/d.py", "utils-2.py", "A.py"])
def test_good_paths_are_taken(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "not a plain relative path"),
        (".", "not a plain relative path"),
        ("./a.py", "not a plain relative path"),
        ("a\\b.py", "not a plain relative path"),
        ("x" * 121, "not a plain relative path"),
        ("/etc/passwd", "leads out"),
        ("../a.py", "leads out"),
        ("a/../../b.py", "leads out"),
        ("C:/a.py", "leads out"),
        ("c:a.py", "leads out"),
        ("a b.py", "has characters other than"),
        ("a\nb.py", "has characters other than"),
        ("a\x00.py", "has characters other than"),
        ("modèle.py", "has characters other than"),
        ("~/a.py", "has characters other than"),
        (".git/hooks/pre-commit", "is a reserved name"),
        (".env", "is a reserved name"),
        ("src/.hidden.py", "is a reserved name"),
        ("-rf.py", "is a reserved name"),
        ("con.py", "is a reserved name"),
        ("src/AUX.txt", "is a reserved name"),
        ("lpt1", "is a reserved name"),
        ("a./b.py", "is a reserved name"),
        ("config.yaml", "is written by PaperCoder itself"),
        ("README.md", "is written by PaperCoder itself"),
        ("Reproduce.sh", "is written by PaperCoder itself"),
    ],
)
def test_bad_paths_are_refused_with_the_reason(path: str, reason: str) -> None:
    assert reason in (path_problem(path) or "")


def test_what_papercoder_writes_is_reserved() -> None:
    assert {"config.yaml", "requirements.txt", "reproduce.sh", "readme.md", "traceability.json"} <= RESERVED_FILES


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("model.txt", "is not a Python file"),
        ("model", "is not a Python file"),
        ("my-model.py", "is not a Python identifier"),
        ("1model.py", "is not a Python identifier"),
        ("data.v2.py", "is not a Python identifier"),
        ("class.py", "is not a Python identifier"),
        ("import/model.py", "is not a Python identifier"),
        ("random.py", "would hide the standard library's `random`"),
        ("typing/model.py", "would hide the standard library's `typing`"),
        ("numpy.py", "would hide the package `numpy`"),
        ("numpy/linalg.py", "would hide the package `numpy`"),
    ],
)
def test_files_that_could_not_be_imported_are_refused(path: str, reason: str) -> None:
    assert reason in (module_problem(path, ["numpy", "torch"]) or "")


@pytest.mark.parametrize("path", ["main.py", "src/random.py", "src/numpy.py", "src/__init__.py", "match.py"])
def test_files_that_can_be_imported_are_taken(path: str) -> None:
    assert module_problem(path, ["numpy", "torch"]) is None


def test_conflicting_paths_are_reported() -> None:
    assert collisions(["main.py", "src/model.py", "src/data.py"]) == []
    assert collisions(["Model.py", "model.py"]) == [
        "`model.py` and `Model.py` are the same file on a case-insensitive file system"
    ]
    assert collisions(["model.py", "model.py"]) != []
    assert collisions(["src", "src/model.py"]) == ["`src` is a file and a folder"]
    assert collisions(["model.py", "model/layers.py"]) == ["`model.py` and the folder `model` are the same module"]


def test_a_link_in_the_repository_is_no_way_out(tmp_path: Path) -> None:
    assert path_problem("link/../../outside.py") is not None


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("model.py", "model"),
        ("src/layers.py", "src.layers"),
        ("src/__init__.py", "src"),
        ("src/deep/__init__.py", "src.deep"),
        ("src/my__init__.py", "src.my__init__"),
        ("__init__.py", ""),
        ("", ""),
    ],
)
def test_the_name_under_which_a_file_is_imported(path: str, module: str) -> None:
    assert module_of(path) == module
    assert module_of(PurePosixPath(path)) == module


def test_tokens_end_in_a_syntax_error_where_the_code_does() -> None:
    found = tokens('x = 1\n"""never closed')
    assert next(found).string == "x"
    with pytest.raises(SyntaxError):
        list(found)
