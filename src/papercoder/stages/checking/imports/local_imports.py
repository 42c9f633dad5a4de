"""Imports between the repository's files: the module exists and defines the name."""

import ast
import difflib
import sys
from collections.abc import Iterator

from papercoder.artifacts.checking import Finding, error, warning
from papercoder.stages.checking.imports.import_sites import ImportSite, import_sites
from papercoder.stages.checking.imports.index import Index, index, relative_base
from papercoder.stages.checking.repository import Module, Tree

_CHECK = "imports"


def check_imports(tree: Tree) -> Iterator[Finding]:
    """Find imports of modules and names that the repository does not have."""
    known = index(tree)
    for module in tree.modules:
        for site in import_sites(module.tree):
            if not site.is_guarded and not site.is_for_types:
                yield from _look(site, module, known)
    yield from _shadows(known)


def _look(site: ImportSite, module: Module, known: Index) -> Iterator[Finding]:
    node = site.node
    if isinstance(node, ast.ImportFrom) and node.level:
        yield from _relative(node, module, known)
        return
    for name in site.modules:
        if missing := missing_module(name, module, known):
            yield error(_CHECK, str(module.path), site.line, f"There is no module `{name}`.", missing)
            return
    if isinstance(node, ast.ImportFrom):
        target = known.target(node, module)
        if target is not None:
            yield from _missing_names(node, target, module, known)


def missing_module(name: str, module: Module, known: Index) -> str:
    """Advice for a module of the repository that does not exist under this name; empty if nothing is wrong."""
    top = name.partition(".")[0]
    if known.resolve(name, module) is not None:
        return ""
    if known.is_local(name, module):
        return _which(name, known)
    if top in sys.stdlib_module_names:
        return ""
    meant = sorted(full for full in known.modules if full.endswith(f".{name}"))
    return f"Import `{meant[0]}`: module names start at the repository's root." if known.is_strict and meant else ""


def _which(name: str, known: Index) -> str:
    last = name.rpartition(".")[2]
    near = [full for full in sorted(known.modules) if full.rpartition(".")[2] == last]
    near = near or difflib.get_close_matches(name, sorted(known.modules), n=1)
    return f"Import `{near[0]}` instead." if near else "Add the module, or correct the import."


def _relative(node: ast.ImportFrom, module: Module, known: Index) -> Iterator[Finding]:
    path, said = str(module.path), "." * node.level + (node.module or "")
    base = relative_base(module.path, node.level)
    if base is None or (not base and not known.package):
        advice = "Use an absolute import from the repository's root."
        yield error(_CHECK, path, node.lineno, f"`{said}` refers to a folder outside the package.", advice)
        return
    target = known.target(node, module)
    if target is None:
        advice = _which(node.module or "", known)
        yield error(_CHECK, path, node.lineno, f"There is no module `{said}`.", advice)
        return
    yield from _missing_names(node, target, module, known)


def _missing_names(node: ast.ImportFrom, target: str, module: Module, known: Index) -> Iterator[Finding]:
    offered = known.offers(target)
    if offered is None:
        return
    for alias in node.names:
        if alias.name != "*" and alias.name not in offered:
            message = f"`{target or '.'}` has no `{alias.name}`."
            yield error(_CHECK, str(module.path), alias.lineno, message, _instead(alias.name, target, module, known))


def _instead(name: str, target: str, importer: Module, known: Index) -> str:
    if near := difflib.get_close_matches(name, sorted(known.offers(target) or ()), n=1):
        return f"Import `{near[0]}` instead, or define `{name}`."
    others = (other for other, module in sorted(known.modules.items()) if other != target and module is not importer)
    owner = next((other for other in others if name in (known.offers(other) or ())), None)
    return f"`{owner}` has it; import it from there." if owner else f"Define `{name}` in `{target}`."


def _shadows(known: Index) -> Iterator[Finding]:
    """Files at the root that hide modules of the standard library."""
    for name, module in known.modules.items():
        if not known.package and "." not in name and name in sys.stdlib_module_names and not module.is_test:
            message = f"This file hides the standard library's module `{name}`."
            say = error if known.is_strict else warning
            yield say(_CHECK, str(module.path), 1, message, "Rename the file and its imports.")
