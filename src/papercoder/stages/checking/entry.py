"""Entry points: the files that `reproduce.sh` names; and no work at import."""

import ast
import re
import shlex
from collections.abc import Iterator

from papercoder.artifacts.checking import Finding, error, warning
from papercoder.stages.checking.nodes import called, is_main_guard, statements
from papercoder.stages.checking.repository import Module, Tree

_CHECK = "entry"
_SCRIPT = "reproduce.sh"
_NAMED = re.compile(r"\.?/?[\w./-]*[\w-]\.(py|ya?ml|toml|sh|txt)")
_WORK = re.compile(
    r"(.*\.)?(open|parse_args|safe_load|load|loads|read_csv|read_text|fit|train|backward|train_model|run|main|download"
    r"|urlopen|urlretrieve|makedirs|mkdir|system|load_dataset|from_pretrained|manual_seed|seed)"
)


def check_entry(tree: Tree) -> Iterator[Finding]:
    """Check the script, and what importing a module does."""
    yield from _script(tree)
    for module in tree.modules:
        if not module.is_test and module.path.name not in {"setup.py", "__main__.py"}:
            yield from _at_import(module)


def _script(tree: Tree) -> Iterator[Finding]:
    for number, line in enumerate((tree.text(_SCRIPT) or "").splitlines(), start=1):
        for name in _words(line):
            if _NAMED.fullmatch(name) and not name.startswith("/") and name.removeprefix("./") not in tree.files:
                yield error(_CHECK, _SCRIPT, number, f"There is no file `{name}`.", "Correct the name or add the file.")


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
            yield warning(_CHECK, str(module.path), statement.lineno, "A loop runs at import.", advice)
        for call in _calls(statement):
            if _WORK.fullmatch(called(call)):
                message = f"`{called(call)}` runs at import."
                yield warning(_CHECK, str(module.path), call.lineno, message, advice)


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
