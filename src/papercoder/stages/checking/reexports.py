"""Names that a module imports for others to take from it."""

import ast

from papercoder.stages.checking.imported import import_sites
from papercoder.stages.checking.index import index
from papercoder.stages.checking.repository import Tree


def reexported(tree: Tree) -> frozenset[tuple[str, str]]:
    """Path of a module and a name that another module imports from it."""
    known = index(tree)
    found = set()
    for module in tree.modules:
        for site in import_sites(module.tree):
            if isinstance(site.node, ast.ImportFrom) and (target := known.target(site.node, module)) in known.modules:
                path = str(known.modules[target].path)
                found |= {(path, alias.name) for alias in site.node.names}
    return frozenset(found)
