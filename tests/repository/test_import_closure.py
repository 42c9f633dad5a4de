"""Which files a module needs."""

from papercoder.artifacts import SourceFile
from papercoder.repository.import_graph import import_closure


def closure(start: str, **texts: str) -> set[str]:
    files = [
        SourceFile(path=path.replace("__", "/").replace("INIT", "__init__") + ".py", text=text)
        for path, text in texts.items()
    ]
    return {file.path for file in import_closure(files, start)}


def test_imports_are_followed() -> None:
    found = closure(
        "pkg/run.py",
        pkg__INIT="",
        pkg__run="from pkg.model import net\nfrom .data import load",
        pkg__model="import pkg.layers.dense as dense",
        pkg__data="import numpy",
        pkg__layers__INIT="",
        pkg__layers__dense="",
        pkg__plots="",
        main="import pkg.run",
    )
    assert found == {
        "pkg/__init__.py",
        "pkg/run.py",
        "pkg/model.py",
        "pkg/data.py",
        "pkg/layers/__init__.py",
        "pkg/layers/dense.py",
    }


def test_modules_may_be_imported_as_names_of_their_package() -> None:
    assert closure("a/x.py", a__INIT="", a__x="from a import y\nfrom . import z", a__y="", a__z="", a__w="") == {
        "a/__init__.py",
        "a/x.py",
        "a/y.py",
        "a/z.py",
    }


def test_imports_inside_functions_count_and_cycles_end() -> None:
    assert closure("a.py", a="def f():\n    import b", b="import a", c="") == {"a.py", "b.py"}


def test_computed_imports_and_invalid_code_need_everything() -> None:
    assert closure("a.py", a="import importlib", b="") == {"a.py", "b.py"}
    assert closure("a.py", a="x = __import__('b')", b="") == {"a.py", "b.py"}
    assert closure("a.py", a="def", b="") == {"a.py", "b.py"}
