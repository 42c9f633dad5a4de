"""The conventions of a generated repository: entry points, trials, marks of requirements, and paths in the code."""

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from pydantic import ValidationError

from papercoder.artifacts import Traceability
from papercoder.artifacts.coding import Finding, error, warning
from papercoder.repository.files import RUNNER
from papercoder.repository.traceability import marks
from papercoder.stages.checking.repository import (
    Function,
    Module,
    Tree,
    argument,
    called,
    is_main_guard,
    keyword,
    parameters,
    statements,
    text_of,
)

_ENTRY_CHECK = "entry"
_SCRIPT = "reproduce.sh"
_NAMED = re.compile(r"\.?/?[\w./-]*[\w-]\.(py|ya?ml|toml|sh|txt)")
_WORK = re.compile(
    r"(.*\.)?(open|parse_args|safe_load|load|loads|read_csv|read_text|fit|train|backward|train_model|run|main|download"
    r"|urlopen|urlretrieve|makedirs|mkdir|system|load_dataset|from_pretrained|manual_seed|seed)"
)


def check_entry(tree: Tree) -> Iterator[Finding]:
    """Check the script, and what importing a module does."""
    for number, line in enumerate((tree.text(_SCRIPT) or "").splitlines(), start=1):
        for name in _words(line):
            if _NAMED.fullmatch(name) and not name.startswith("/") and name.removeprefix("./") not in tree.files:
                yield error(
                    _ENTRY_CHECK, _SCRIPT, number, f"There is no file `{name}`.", "Correct the name or add the file."
                )
    for module in tree.modules:
        if not module.is_test and module.path.name not in {"setup.py", "__main__.py"}:
            yield from _at_import(module)


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(re.sub(r"[()<>;&|]", " ", line), comments=True)
    except ValueError:  # a quotation that continues on the next line
        return []
    return [word.rpartition("=")[2] for word in words]


def _at_import(module: Module) -> Iterator[Finding]:
    """Work that runs at import."""
    advice = "Move it into a function."
    for statement in _loading(module.tree.body):
        if isinstance(statement, ast.While):
            yield warning(_ENTRY_CHECK, str(module.path), statement.lineno, "A loop runs at import.", advice)
        for call in _calls(statement):
            if _WORK.fullmatch(called(call)):
                message = f"`{called(call)}` runs at import."
                yield warning(_ENTRY_CHECK, str(module.path), call.lineno, message, advice)


def _loading(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    outside = [statement for statement in body if not is_main_guard(statement)]
    return (node for node in statements(outside) if isinstance(node, ast.Expr | ast.Assign | ast.With | ast.While))


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    parts: list[ast.expr | None] = []
    if isinstance(statement, ast.Expr | ast.Assign):
        parts = [statement.value]
    elif isinstance(statement, ast.With):
        parts = [item.context_expr for item in statement.items]
    return (node for node in parts if isinstance(node, ast.Call))


_TRIALS_CHECK = "trials"
_EXPERIMENTS = "experiments.py"
_CALLED = {"trials": ("config",), "run_trial": ("trial", "config", "progress"), "figures": ("results", "folder")}
"""Function that the runner calls -> its parameters; the last is optional."""

_GIVEN = frozenset({"main.py", RUNNER})


def check_trials(tree: Tree) -> Iterator[Finding]:
    """Check the functions and names of the experiments; only in repositories with the runner."""
    if not tree.has_trials:
        return
    found = [module for module in tree.modules if _is_experiments(module)]
    if len(found) != 1:
        advice = "Put `trials` and `run_trial` into `experiments.py` of the package."
        message = f"There are {len(found)} files `PACKAGE/{_EXPERIMENTS}`; the runner needs one."
        yield error(_TRIALS_CHECK, RUNNER, 1, message, advice)
    for module in found:
        yield from _functions(module)
        yield from _not_measured(module)
    for module in tree.modules:
        if not module.is_test and str(module.path) not in _GIVEN:
            yield from _writes_results(module)


def _is_experiments(module: Module) -> bool:
    return module.path.name == _EXPERIMENTS and len(module.path.parts) == 2 and not module.is_test


def _functions(module: Module) -> Iterator[Finding]:
    defined = {node.name: node for node in module.tree.body if isinstance(node, Function)}
    path = str(module.path)
    for name, wanted in _CALLED.items():
        shown = f"def {name}({', '.join(wanted)})"
        node = defined.get(name)
        if node is None:
            if name != "figures":
                yield error(
                    _TRIALS_CHECK, path, 1, f"There is no function `{name}`, which the runner calls.", f"Add `{shown}`."
                )
        elif len(parameters(node)) != len(wanted) or isinstance(node, ast.AsyncFunctionDef):
            message = f"`{name}` has other parameters than the runner passes."
            yield error(_TRIALS_CHECK, path, node.lineno, message, f"Write `{shown}`.")


def _not_measured(module: Module) -> Iterator[Finding]:
    for node in module.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(target, ast.Name) and target.id == "NOT_MEASURED" for target in targets):
            continue
        value = getattr(node, "value", None)
        texts = [*value.keys, *value.values] if isinstance(value, ast.Dict) else [None]
        if not all(text_of(text) for text in texts):
            message = "NOT_MEASURED is no dictionary of claim ids and reasons that is written out."
            yield error(
                _TRIALS_CHECK, str(module.path), node.lineno, message, 'Write `NOT_MEASURED = {"C12": "the reason"}`.'
            )


def _writes_results(module: Module) -> Iterator[Finding]:
    for node in module.nodes:
        if (text_of(node) or "").endswith("results.json"):
            message = "The code names `results.json`, which the runner writes."
            advice = "Return the metrics from `run_trial`, and write no results."
            yield error(_TRIALS_CHECK, str(module.path), getattr(node, "lineno", 1), message, advice)


_MARKS_CHECK = "marks"
_MARKS_FILE = "TRACEABILITY.json"


def check_marks(tree: Tree) -> Iterator[Finding]:
    """Find unknown ids, and requirements that their owner does not mark."""
    if _MARKS_FILE not in tree.files:
        return
    try:
        traceability = Traceability.model_validate_json(tree.text(_MARKS_FILE) or "")
    except ValidationError:
        yield error(
            _MARKS_CHECK, _MARKS_FILE, 1, "The file is not a valid table of requirements.", "Generate it again."
        )
        return
    marked = {str(module.path): marks(module.text) for module in tree.modules}
    ids = {trace.requirement.id for trace in traceability.traces}
    for path, found in marked.items():
        for name, lines in found.items():
            if name not in ids:
                advice = f"Name a requirement of {_MARKS_FILE}, or remove the mark."
                yield error(_MARKS_CHECK, path, lines[0], f"There is no requirement {name}.", advice)
    yield from _unmarked(marked, traceability, {finding.path for finding in tree.broken})


def _unmarked(
    marked: Mapping[str, Mapping[str, tuple[int, ...]]], traceability: Traceability, broken: set[str]
) -> Iterator[Finding]:
    for trace in traceability.traces:
        need, owner = trace.requirement, trace.owner
        if owner is None:
            message = f"No file owns {need.id}: {need.statement}"
            yield error(_MARKS_CHECK, _MARKS_FILE, 1, message, "Assign an owner, and mark the line that implements it.")
        elif owner not in broken and owner.endswith(".py") and need.id not in marked.get(owner, {}):
            message = f"No comment marks {need.id}: {need.statement}"
            path = owner if owner in marked else _MARKS_FILE
            yield error(_MARKS_CHECK, path, 1, message, f"Implement it, and mark its line with `# {need.id}: ...`.")


_PATH_CHECK = "paths"
_ABSOLUTE = re.compile(
    r"(/(home|Users|root|mnt|media|data|datasets?|scratch|content|kaggle|workspace|nfs|gpfs|srv|opt|var|tmp)/[\w.~/ -]+"
    r"|[A-Za-z]:[\\/](?!/)[\w.\\/ -]+|~/[\w./ -]+)"
)
_READERS = frozenset(
    {"open", "io.open", "np.load", "numpy.load", "np.loadtxt", "np.genfromtxt", "pd.read_csv", "pd.read_json",
     "pd.read_pickle", "pd.read_parquet", "pd.read_excel", "torch.load", "OmegaConf.load", "Image.open", "joblib.load",
     "load_config", "read_config", "load_yaml"}
)  # fmt: skip
_PATH_FILE = re.compile(r"[\w-]+(/[\w.-]+)*\.\w{1,8}")
_SETTINGS = frozenset({".yaml", ".yml", ".json", ".toml"})


def check_paths(tree: Tree) -> Iterator[Finding]:
    """Find absolute paths and missing files."""
    written = _named_elsewhere(tree)
    for module in tree.modules:
        if not module.is_test:
            docstrings = {id(node.value) for node in module.nodes if isinstance(node, ast.Expr)}
            for node in module.nodes:
                text = text_of(node)
                if text and id(node) not in docstrings and _ABSOLUTE.fullmatch(text):
                    message = f"`{text[:80]}` is an absolute path, which exists only on one machine."
                    advice = "Read it from the configuration, as a path relative to the repository."
                    yield warning(_PATH_CHECK, str(module.path), node.lineno, message, advice)  # type: ignore[attr-defined]
            yield from _absent(module, tree, written)


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
        if path is None or not _PATH_FILE.fullmatch(path) or _is_there(path, module, tree):
            continue
        say = error if option and tree.follows_conventions else warning
        if option or named.get(PurePosixPath(path).name, 0) < 2:
            advice = "Correct the name or add the file."
            yield say(_PATH_CHECK, str(module.path), node.lineno, f"There is no file `{path}`.", advice)


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
