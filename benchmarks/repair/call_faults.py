"""Defects of calls: signatures, attributes, return values."""

import ast
import re

from benchmarks.repair.sources import Edit, Function, Place, Sources, also_in, local_calls, local_names


def missing_argument(sources: Sources) -> Edit | None:
    """A call omits an argument."""
    place = sources.pick(local_calls(sources, needed=2))
    if place is None or not isinstance(place.node, ast.Call):
        return None
    last = ast.get_source_segment(place.text, place.node.args[-1]) or ""
    return place.replaced(re.sub(rf",\s*{re.escape(last)}(?=\s*[,)])", "", place.source, count=1))


def extra_argument(sources: Sources) -> Edit | None:
    """A call gives one more keyword than there are parameters."""
    place = sources.pick(local_calls(sources, needed=1))
    return place.replaced(f"{place.source.rstrip()[:-1].rstrip(', ')}, verbose=True)") if place else None


def renamed_parameter(sources: Sources) -> Edit | None:
    """A definition renames a parameter that a call gives by its name; failing that, a call uses a wrong keyword."""
    named = [one for one in local_calls(sources) if isinstance(one.node, ast.Call) and one.node.keywords]
    place = sources.pick(named)
    if place is None or not isinstance(place.node, ast.Call):
        return None
    word = place.node.keywords[0].arg or ""
    return place.replaced(re.sub(rf"\b{word}\s*=", f"{word}_value=", place.source, count=1))


def new_parameter(sources: Sources) -> Edit | None:
    """A function asks for one more argument, which its callers do not give."""
    known = local_names(sources)
    names = {getattr(getattr(one.node, "func", None), "id", "") for one in local_calls(sources, needed=1)}
    wanted = [
        one for one in sources.places(ast.FunctionDef) if isinstance(one.node, Function) and one.node.name in names
    ]
    place = sources.pick(one for one in wanted if known.get(getattr(one.node, "name", "")) == one.path)
    if place is None:
        return None
    edit = place.replaced(re.sub(r"\)( ->[^:]+)?:", r", tolerance: float)\1:", place.source, count=1))
    return also_in(edit, *sources.importers(place.path))


def _own_methods(sources: Sources) -> list[str]:
    return [
        item.name
        for place in sources.places(ast.ClassDef)
        if isinstance(place.node, ast.ClassDef) and not place.node.bases
        for item in place.node.body
        if isinstance(item, Function) and not item.name.startswith("_") and not item.decorator_list
    ]


def wrong_method(sources: Sources) -> Edit | None:
    """A method is called by a name that its class does not have."""
    methods = set(_own_methods(sources))
    calls = [one for one in sources.places(ast.Call) if getattr(getattr(one.node, "func", None), "attr", "") in methods]
    place = sources.pick(calls)
    name = getattr(getattr(place.node, "func", None), "attr", "") if place else ""
    return place.changed(f".{name}(", f".{name}_all(") if place else None


def deleted_method(sources: Sources) -> Edit | None:
    """A called method is renamed."""
    wanted = {getattr(getattr(one.node, "func", None), "attr", "") for one in sources.places(ast.Call)}
    methods = [name for name in _own_methods(sources) if name in wanted]
    places = (one for one in sources.places(ast.FunctionDef) if getattr(one.node, "name", "") in methods)
    place = sources.pick(places)
    name = getattr(place.node, "name", "") if place else ""
    return also_in(place.changed(f"def {name}", f"def {name}_once"), *sources.modules) if place else None


def _is_own(node: ast.AST) -> bool:
    """Whether this reads `self.x`."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return False
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def wrong_attribute(sources: Sources) -> Edit | None:
    """`self.x` is read by an undefined name."""
    place = sources.pick(one for one in sources.places(ast.Attribute) if _is_own(one.node))
    return place.replaced(f"{place.source}_state") if place else None


def wrong_standard_attribute(sources: Sources) -> Edit | None:
    """A class of the standard library gets a keyword that it does not have."""
    place = sources.pick(one for one in sources.places(ast.Call) if one.source.startswith("argparse.ArgumentParser("))
    return place.replaced(f"{place.source[:-1].rstrip(', ')}, title=None)") if place else None


def wrong_unpacking(sources: Sources) -> Edit | None:
    """A result of two values is unpacked into three."""
    known = local_names(sources)
    place = sources.pick(one for one in sources.places(ast.Assign) if _unpacks(one.node, known))
    return place.changed(" =", ", extra =") if place else None


def _unpacks(node: ast.AST, known: dict[str, str]) -> bool:
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
        return False
    call = node.value
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in known


def missing_return(sources: Sources) -> Edit | None:
    """A function computes its result but does not return it."""
    last = []
    for place in sources.places(ast.FunctionDef):
        node = place.node
        if isinstance(node, Function) and node.returns and isinstance(node.body[-1], ast.Return) and len(node.body) > 2:
            last.append(Place(place.path, place.text, node.body[-1]))
    chosen = sources.pick(last)
    return chosen.changed("return ", "result = ") if chosen else None
