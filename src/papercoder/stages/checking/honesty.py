"""What pretends to work: swallowed errors, constants in place of computed results, unimplemented functions, TODO."""

import ast
import re
import tokenize
from collections.abc import Iterator

from papercoder.artifacts.coding import Finding, error, warning
from papercoder.repository.files import tokens
from papercoder.stages.checking.repository import (
    Function,
    Module,
    Tree,
    body_of,
    called,
    dotted,
    functions,
    parameters,
    text_of,
)

_FALLBACK_CHECK = "fallbacks"
_BROAD = frozenset({"Exception", "BaseException"})
_METRIC = re.compile(
    r"(test_|val_|valid_|mean_|final_|avg_)?(accuracy|acc|f1|f1_score|auc|auroc|auprc|bleu|rouge|rmse|mse|mae|perplexity"
    r"|precision|recall|map|ndcg|fid|psnr|ssim|iou|metric|metric_value)"
)
_RANDOM = re.compile(
    r"(random|np\.random|numpy\.random|rng|torch|self\.rng|jax\.random|generator)\."
    r"(random|rand|randn|randint|uniform|normal|gauss|choice|standard_normal|integers|random_sample|sample)"
)
_STAND_IN = re.compile(r"(dummy|fake|mock)_(data|dataset|datasets|labels|results?|metrics?|scores?|samples?)")
_COMPUTE = "Compute it from the model and the data."


def check_fallbacks(tree: Tree) -> Iterator[Finding]:
    """Find swallowed errors and made-up values."""
    for module in tree.modules:
        if not module.is_test:
            for node in module.nodes:
                if isinstance(node, ast.Try):
                    for handler in node.handlers:
                        yield from _handler(handler, node, str(module.path))
            yield from _metrics(module)
            yield from _stand_ins(module)


def _handler(handler: ast.ExceptHandler, node: ast.Try, path: str) -> Iterator[Finding]:
    inside = [part for statement in handler.body for part in ast.walk(statement)]
    if any(isinstance(part, ast.Raise) for part in inside) or _ends(inside):
        return
    if any(_is_random(part) for part in inside):
        message = "If this fails, random numbers replace the result."
        yield error(_FALLBACK_CHECK, path, handler.lineno, message, "Let the error propagate.")
    elif _is_broad(handler) and not _only_imports(node) and not _reports(inside, handler):
        what = f"except {ast.unparse(handler.type)}" if handler.type else "except"
        yield warning(
            _FALLBACK_CHECK, path, handler.lineno, f"`{what}` hides every error.", "Catch only the expected exceptions."
        )


def _is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(kind) in _BROAD for kind in kinds)


def _ends(inside: list[ast.AST]) -> bool:
    return any(called(part) in {"sys.exit", "exit", "os._exit"} for part in inside)


def _only_imports(node: ast.Try) -> bool:
    return all(isinstance(statement, ast.Import | ast.ImportFrom) for statement in node.body)


def _reports(inside: list[ast.AST], handler: ast.ExceptHandler) -> bool:
    """Whether the handler reports the error: it uses its name or prints a traceback."""
    names = {part.id for part in inside if isinstance(part, ast.Name)}
    traced = any(re.search(r"\b(exception|print_exc|format_exc|exc_info)$", called(part)) for part in inside)
    return traced or (handler.name is not None and handler.name in names)


def _is_random(node: ast.AST) -> bool:
    return bool(_RANDOM.fullmatch(called(node)))


def _metrics(module: Module) -> Iterator[Finding]:
    for name, value in _named_values(module):
        if not _METRIC.fullmatch(name.lower()):
            continue
        if _is_made_of_random(value):
            message = f"`{name}` is a random number."
            yield error(_FALLBACK_CHECK, str(module.path), value.lineno, message, _COMPUTE)
        elif _is_suspicious(value):
            message = f"`{name}` is the constant {ast.unparse(value)}."
            yield warning(_FALLBACK_CHECK, str(module.path), value.lineno, message, _COMPUTE)


def _named_values(module: Module) -> Iterator[tuple[str, ast.expr]]:
    """Values with a name: assigned to it, stored under it in a dictionary, or returned by a function of that name."""
    for node in module.nodes:
        if isinstance(node, ast.Assign):
            yield from ((_last(target), node.value) for target in node.targets)
        elif isinstance(node, ast.Dict):
            yield from (
                (text, value) for key, value in zip(node.keys, node.values, strict=True) if (text := text_of(key))
            )
        elif isinstance(node, Function):
            name = re.sub(r"^(compute|calculate|evaluate|eval|measure|get)_", "", node.name)
            last = node.body[-1]  # an early `return 0.0` for an empty set is fine
            if isinstance(last, ast.Return) and last.value:
                yield name, last.value


def _last(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        return text_of(target.slice) or ""
    return dotted(target).rpartition(".")[2]


def _is_made_of_random(value: ast.expr) -> bool:
    """Whether the value depends only on random numbers and constants."""
    if _is_random(value):
        return True
    if isinstance(value, ast.BinOp):
        sides = (value.left, value.right)
        return any(map(_is_made_of_random, sides)) and all(
            _is_made_of_random(side) or isinstance(side, ast.Constant) for side in sides
        )
    if called(value) in {"float", "round", "min", "max", "abs", "int"}:
        return any(_is_made_of_random(item) for item in getattr(value, "args", ()))
    return (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and _is_made_of_random(value.func.value)
    )


def _is_suspicious(value: ast.expr) -> bool:
    if not isinstance(value, ast.Constant) or not isinstance(value.value, float):
        return False
    return value.value not in {0.0, 1.0, 100.0, -1.0} and abs(value.value) < 1e6


def _stand_ins(module: Module) -> Iterator[Finding]:
    path, advice = str(module.path), "Create it only if `data.synthetic` is true."
    for function in functions(module.nodes):
        if re.search(r"(^|_)(dummy|mock)(_|$)", function.name):
            yield warning(_FALLBACK_CHECK, path, function.lineno, f"`{function.name}` makes placeholder data.", advice)
    for name, value in _named_values(module):
        if _STAND_IN.fullmatch(name.lower()) and _is_made_of_random(value):
            yield warning(_FALLBACK_CHECK, path, value.lineno, f"`{name}` is made of random numbers.", advice)


_STUB_CHECK = "stubs"
_WRITE = "Implement it in full."
_WORDS = re.compile(
    r"\b(TODO|FIXME|XXX)\b|(?i:\bplaceholders?\b|\bin a real (implementation|setting|system)\b|\byour code here\b"
    r"|\bnot (yet )?implemented\b|\bto be implemented\b|\bimplement (this|me|here)\b|\bstub(bed)?\b"
    r"|\bsimplified (version|stand-in)\b)"
)
_ABSTRACT = frozenset({"abstractmethod", "abstractproperty", "overload"})


def check_stubs(tree: Tree) -> Iterator[Finding]:
    """Find empty bodies, and comments such as TODO."""
    overridden = _overridden(tree)
    for module in tree.modules:
        if not module.is_test:
            classes = (node for node in module.nodes if isinstance(node, ast.ClassDef))
            owners = {id(item): node for node in classes for item in node.body if isinstance(item, Function)}
            for function in functions(module.nodes):
                owner = owners.get(id(function))
                if _is_abstract(function, owner) or (owner and f"{owner.name}.{function.name}" in overridden):
                    continue
                if finding := _stub(function, owner, str(module.path)):
                    yield finding
        yield from _comments(module)


def _overridden(tree: Tree) -> frozenset[str]:
    """Methods `Class.name` that a subclass overrides."""
    classes = [node for module in tree.modules for node in module.nodes if isinstance(node, ast.ClassDef)]
    return frozenset(
        f"{dotted(base).rpartition('.')[2]}.{item.name}"
        for node in classes
        for base in node.bases
        for item in node.body
        if isinstance(item, Function)
    )


def _is_abstract(function: Function, owner: ast.ClassDef | None) -> bool:
    if any(dotted(node).rpartition(".")[2] in _ABSTRACT for node in function.decorator_list):
        return True
    bases = [*owner.bases, *(item.value for item in owner.keywords)] if owner else []
    names = {dotted(base.value if isinstance(base, ast.Subscript) else base).rpartition(".")[2] for base in bases}
    return bool(names & {"Protocol", "ABC", "ABCMeta"})


def _stub(function: Function, owner: ast.ClassDef | None, path: str) -> Finding | None:
    body = body_of(function)
    name, line = function.name, function.lineno
    if len(body) == 1 and _raises_not_implemented(body[0]):
        return error(_STUB_CHECK, path, line, f"`{name}` is not implemented.", _WRITE)
    if all(_is_empty(statement) for statement in body):
        if _gives_value(function):
            return error(_STUB_CHECK, path, line, f"`{name}` is empty, but its annotation promises a value.", _WRITE)
        if owner is None or not name.startswith(("_", "on_", "close", "reset")):
            return warning(_STUB_CHECK, path, line, f"`{name}` is empty.", _WRITE)
        return None
    return _constant(function, owner, body, path)


def _raises_not_implemented(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise):
        return False
    return "NotImplementedError" in {dotted(statement.exc), called(statement.exc)}


def _is_empty(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass)


def _gives_value(function: Function) -> bool:
    kind = function.returns
    return (
        kind is not None and not (isinstance(kind, ast.Constant) and kind.value is None) and "None" not in _text(kind)
    )


def _text(node: ast.expr) -> str:
    return ast.unparse(node)


def _constant(function: Function, owner: ast.ClassDef | None, body: list[ast.stmt], path: str) -> Finding | None:
    """A body that only returns a constant although the function takes arguments."""
    only = body[0]
    if len(body) != 1 or not isinstance(only, ast.Return) or not isinstance(only.value, ast.Constant):
        return None
    value, name = only.value.value, function.name
    if value is None and _gives_value(function):
        return error(
            _STUB_CHECK, path, only.lineno, f"`{name}` returns None, but its annotation promises a value.", _WRITE
        )
    taken = [item for item in parameters(function) if item.arg not in {"self", "cls"} and not item.arg.startswith("_")]
    if taken and isinstance(value, int | float) and not isinstance(value, bool) and not (owner and owner.bases):
        message = f"`{name}` always returns {value!r}."
        return warning(_STUB_CHECK, path, only.lineno, message, "Compute the value, or use a constant.")
    return None


def _comments(module: Module) -> Iterator[Finding]:
    try:
        for token in tokens(module.text):
            if token.type == tokenize.COMMENT and (word := _WORDS.search(token.string)):
                message = f"A comment says `{word[0]}`."
                yield warning(
                    _STUB_CHECK, str(module.path), token.start[0], message, "Complete the code and remove the comment."
                )
    except SyntaxError:
        return  # the parser accepts it but the tokenizer does not; comments before the error are checked
