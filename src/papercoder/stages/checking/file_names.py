"""Paths in the code: absolute paths, and files that are read but missing."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from papercoder.artifacts.checking import Finding, error, warning
from papercoder.stages.checking.nodes import argument, called, keyword, text_of
from papercoder.stages.checking.repository import Module, Tree

_CHECK = "paths"
_ABSOLUTE = re.compile(
    r"(/(home|Users|root|mnt|media|data|datasets?|scratch|content|kaggle|workspace|nfs|gpfs|srv|opt|var|tmp)/[\w.~/ -]+"
    r"|[A-Za-z]:[\\/](?!/)[\w.\\/ -]+|~/[\w./ -]+)"
)
_READERS = frozenset(
    {"open", "io.open", "np.load", "numpy.load", "np.loadtxt", "np.genfromtxt", "pd.read_csv", "pd.read_json",
     "pd.read_pickle", "pd.read_parquet", "pd.read_excel", "torch.load", "OmegaConf.load", "Image.open", "joblib.load",
     "load_config", "read_config", "load_yaml"}
)  # fmt: skip
_FILE = re.compile(r"[\w-]+(/[\w.-]+)*\.\w{1,8}")
_SETTINGS = frozenset({".yaml", ".yml", ".json", ".toml"})


def check_paths(tree: Tree) -> Iterator[Finding]:
    """Find absolute paths and missing files."""
    written = _named_elsewhere(tree)
    for module in tree.modules:
        if not module.is_test:
            yield from _absolute(module)
            yield from _absent(module, tree, written)


def _absolute(module: Module) -> Iterator[Finding]:
    docstrings = {id(node.value) for node in module.nodes if isinstance(node, ast.Expr)}
    for node in module.nodes:
        text = text_of(node)
        if text and id(node) not in docstrings and _ABSOLUTE.fullmatch(text):
            message = f"`{text[:80]}` is an absolute path, which exists only on one machine."
            advice = "Read it from the configuration, as a path relative to the repository."
            yield warning(_CHECK, str(module.path), node.lineno, message, advice)  # type: ignore[attr-defined]


def _named_elsewhere(tree: Tree) -> dict[str, int]:
    """How often each file name occurs in the code; one that the code also writes occurs more than once."""
    counts: dict[str, int] = {}
    for module in tree.modules:
        for node in module.nodes:
            if text := text_of(node):
                name = PurePosixPath(text).name
                counts[name] = counts.get(name, 0) + 1
    return counts


def _absent(module: Module, tree: Tree, named: dict[str, int]) -> Iterator[Finding]:
    for node in module.nodes:
        if not isinstance(node, ast.Call):
            continue
        option = _default_settings(node)
        path = option or _read_path(node)
        if path is None or not _FILE.fullmatch(path) or _is_there(path, module, tree):
            continue
        say = error if option and tree.follows_conventions else warning
        if option or named.get(PurePosixPath(path).name, 0) < 2:
            advice = "Correct the name or add the file."
            yield say(_CHECK, str(module.path), node.lineno, f"There is no file `{path}`.", advice)


def _default_settings(node: ast.Call) -> str | None:
    """The default of a command-line option for a configuration file."""
    if not called(node).endswith(".add_argument") or not any("config" in (text_of(item) or "") for item in node.args):
        return None
    default = text_of(keyword(node, "default"))
    return default if default and PurePosixPath(default).suffix in _SETTINGS else None


def _read_path(node: ast.Call) -> str | None:
    """The path that a call reads, if it is a constant."""
    if called(node) in _READERS:
        mode = text_of(argument(node, 1, "mode")) if called(node).endswith("open") else None
        return None if mode and set(mode) & set("wax+") else text_of(node.args[0] if node.args else None)
    if isinstance(node.func, ast.Attribute) and node.func.attr in {"read_text", "read_bytes"}:
        made = node.func.value
        return (
            text_of(made.args[0])
            if isinstance(made, ast.Call) and called(made).endswith("Path") and made.args
            else None
        )
    return None


def _is_there(path: str, module: Module, tree: Tree) -> bool:
    beside = str(module.path.parent / path)
    folders = {str(parent) for name in (path, beside) for parent in PurePosixPath(name).parents}
    return path in tree.files or beside in tree.files or path in folders or beside in folders
