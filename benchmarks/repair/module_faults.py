"""Defects between files: dependencies, imports, module paths."""

import ast
from pathlib import PurePosixPath

from benchmarks.repair.sources import Edit, Sources, also_in, local_imports
from papercoder.repository.files import parse


def missing_dependency(sources: Sources) -> Edit | None:
    """A package that is imported loses its line."""
    text = sources.files.get("requirements.txt", "")
    imported = {"".join(place.source.split()[1:2]).partition(".")[0].lower() for place in sources.places(ast.Import)}
    lines = text.splitlines(keepends=True)
    wanted = [line for line in lines if line.partition(">")[0].strip().lower() in imported]
    line = sources.pick(wanted)
    return also_in(Edit("requirements.txt", text.replace(line, "", 1)), *sources.modules) if line else None


def unlisted_package(sources: Sources) -> Edit | None:
    """A file imports a package that requirements.txt does not have."""
    place = sources.pick(sources.places(ast.Import))
    return place.replaced(f"{place.source}\nimport einops\n\nREARRANGE = einops.rearrange") if place else None


def wrong_module_path(sources: Sources) -> Edit | None:
    """`src.model` is imported as `model`."""
    nested = (place for place in local_imports(sources) if "." in getattr(place.node, "module", ""))
    place = sources.pick(nested)
    name = getattr(place.node, "module", "") if place else ""
    return place.changed(name, name.rpartition(".")[2]) if place else None


def wrong_module_name(sources: Sources) -> Edit | None:
    """`src.model` is imported as `src.model_module`."""
    place = sources.pick(local_imports(sources))
    name = getattr(place.node, "module", "") if place else ""
    return place.changed(name, f"{name}_module") if place else None


def wrong_imported_name(sources: Sources) -> Edit | None:
    """A name is imported that the module does not have."""
    place = sources.pick(local_imports(sources))
    if place is None or not isinstance(place.node, ast.ImportFrom):
        return None
    name = place.node.names[0].name
    return place.changed(f"import {name}", f"import {name}Impl as {name}")


def relative_beyond(sources: Sources) -> Edit | None:
    """`from src.model` becomes `from ..model`, which leads out of the package."""
    place = sources.pick(local_imports(sources))
    name = getattr(place.node, "module", "") if place else ""
    return place.changed(name, f"..{name.rpartition('.')[2]}") if place else None


def deleted_module(sources: Sources) -> Edit | None:
    """A module that others import is not there."""
    path = (
        sources.module_of(getattr(place.node, "module", ""))
        if (place := sources.pick(local_imports(sources)))
        else None
    )
    return Edit(path, None, sources.importers(path)) if path else None


def hidden_standard_library(sources: Sources) -> Edit | None:
    """A file at the root has the name of a module of Python."""
    name = sources.pick(("random", "logging", "types", "copy"))
    return Edit(f"{name}.py", '"""Helpers."""\n\n\ndef fixed() -> int:\n    """A seed."""\n    return 7\n')


def import_cycle(sources: Sources) -> Edit | None:
    """A module imports from one that imports it."""
    place = sources.pick(local_imports(sources))
    path = sources.module_of(getattr(place.node, "module", "")) if place else None
    if place is None or path is None or place.path == "main.py":
        return import_cycle_of_main(sources)
    name = str(PurePosixPath(place.path).with_suffix("")).replace("/", ".")
    taken = next(node.name for node in parse(place.text).body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return Edit(path, f"from {name} import {taken}\n\nUSED = {taken}\n{sources.files[path]}", (place.path,))


def import_cycle_of_main(sources: Sources) -> Edit | None:
    """A module of the repository imports from `main`, which imports it."""
    place = sources.pick(one for one in local_imports(sources) if one.path != "main.py")
    if place is None:
        return None
    return Edit(place.path, f"from main import main as entry\n\nENTRY = entry\n{place.text}", ("main.py",))


def missing_export(sources: Sources) -> Edit | None:
    """A name is imported from a package whose `__init__.py` does not offer it."""
    place = sources.pick(one for one in local_imports(sources) if "." in getattr(one.node, "module", ""))
    name = getattr(place.node, "module", "") if place else ""
    package = name.rpartition(".")[0]
    return also_in(place.changed(name, package), f"{package.replace('.', '/')}/__init__.py") if place else None


def wrong_standard_name(sources: Sources) -> Edit | None:
    """A name is imported from the standard library, which moved it long ago."""
    place = sources.pick(sources.places(ast.Import))
    return place.replaced(f"{place.source}\nfrom collections import Iterable\n\nKIND = Iterable") if place else None
