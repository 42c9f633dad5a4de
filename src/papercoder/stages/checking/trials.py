"""The trials of a generated repository: what the runner calls is there, and nothing else writes the results."""

import ast
from collections.abc import Iterator

from papercoder.artifacts.checking import Finding, error
from papercoder.repository.paths import RUNNER
from papercoder.stages.checking.nodes import Function, parameters, text_of
from papercoder.stages.checking.repository import Module, Tree

_CHECK = "trials"
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
        yield error(_CHECK, RUNNER, 1, message, advice)
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
                    _CHECK, path, 1, f"There is no function `{name}`, which the runner calls.", f"Add `{shown}`."
                )
        elif len(parameters(node)) != len(wanted) or isinstance(node, ast.AsyncFunctionDef):
            message = f"`{name}` has other parameters than the runner passes."
            yield error(_CHECK, path, node.lineno, message, f"Write `{shown}`.")


def _not_measured(module: Module) -> Iterator[Finding]:
    for node in module.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(target, ast.Name) and target.id == "NOT_MEASURED" for target in targets):
            continue
        value = getattr(node, "value", None)
        texts = [*value.keys, *value.values] if isinstance(value, ast.Dict) else [None]
        if not all(text_of(text) for text in texts):
            message = "NOT_MEASURED is no dictionary of claim ids and reasons that is written out."
            yield error(_CHECK, str(module.path), node.lineno, message, 'Write `NOT_MEASURED = {"C12": "the reason"}`.')


def _writes_results(module: Module) -> Iterator[Finding]:
    for node in module.nodes:
        if (text_of(node) or "").endswith("results.json"):
            message = "The code names `results.json`, which the runner writes."
            advice = "Return the metrics from `run_trial`, and write no results."
            yield error(_CHECK, str(module.path), getattr(node, "lineno", 1), message, advice)
