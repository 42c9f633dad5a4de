"""What a file uses and what uses it, without the rest of the repository."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import FileLogic, ImportedNames, LogicDesign, SourceFile
from papercoder.errors import ArtifactError
from papercoder.repository.code_graph import CallGraph, import_closure, import_cycle, import_order

DATA = """\
SIZE = 3
UNUSED = 4


def load() -> list[int]:
    return [SIZE]


def other() -> None:
    pass
"""
MODEL = """\
from tinyfit import data
from tinyfit.data import load as read


class Model:
    rate: float

    def __init__(self) -> None:
        self.rate = 1.0

    # R1: one step
    @property
    def step(self) -> int:
        return read()[0]

    def unused(self) -> None:
        data.other()
"""
RUN = """\
from tinyfit.model import Model


def trials(config: dict) -> list:
    return []


def run_trial(trial, config, progress) -> dict:
    return {"loss": fitted().step}


def fitted() -> Model:
    return Model()


def figures(results, folder) -> None:
    pass
"""
FILES = tuple(
    SourceFile(path=f"tinyfit/{name}.py", text=text)
    for name, text in {"data": DATA, "model": MODEL, "experiments": RUN, "broken": "def ("}.items()
)
GRAPH = CallGraph(FILES)


def shown(*paths: str) -> dict[str, str]:
    return {excerpt.path: "\n".join(excerpt.lines.values()) for excerpt in GRAPH.around(paths)}


def test_callees_come_with_their_constants_and_callers_up_to_the_trial() -> None:
    found = shown("tinyfit/model.py")
    assert list(found) == ["tinyfit/data.py", "tinyfit/experiments.py"]
    assert "SIZE = 3" in found["tinyfit/data.py"]
    assert "UNUSED" not in found["tinyfit/data.py"]
    assert "def run_trial" in found["tinyfit/experiments.py"]
    assert "def trials" in found["tinyfit/experiments.py"]
    assert "def figures" not in found["tinyfit/experiments.py"]


def test_callers_are_found_through_others_and_files_without_either_are_left_out() -> None:
    found = shown("tinyfit/data.py")
    assert "def step" in found["tinyfit/model.py"]
    assert "def __init__" not in found["tinyfit/model.py"]
    assert "def run_trial" in found["tinyfit/experiments.py"]
    assert "tinyfit/broken.py" not in found


def test_a_line_belongs_to_its_definition_with_the_comments_above() -> None:
    item = GRAPH.at("tinyfit/model.py", 11)
    assert item
    assert (item.name, item.first) == ("Model.step", 11)
    assert {each.name for each in GRAPH.marked(["R1"])} == {"Model.step"}
    text, offset = GRAPH.around_line("tinyfit/model.py", 14)
    assert offset == 3
    assert GRAPH.first_line("tinyfit/model.py", text) == 11
    assert GRAPH.first_line("tinyfit/model.py", "gone") is None


def logic(**imports: tuple[str, ...]) -> LogicDesign:
    """Files by their imports, `.py` left out."""
    files = tuple(
        FileLogic(
            path=f"{name}.py",
            implements="x",
            imports=tuple(ImportedNames(path=f"{other}.py", names=("x",)) for other in others),
        )
        for name, others in imports.items()
    )
    return LogicDesign(packages=(), files=files, shared_knowledge="")


def test_each_file_comes_after_those_that_it_imports() -> None:
    assert import_order(logic(main=("model", "data"), model=("data",), data=())) == ("data.py", "model.py", "main.py")


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=10))
def test_any_graph_without_a_ring_is_ordered(wanted: list[list[int]]) -> None:
    imports = {f"f{n}": tuple(f"f{m}" for m in dict.fromkeys(below) if m < n) for n, below in enumerate(wanted)}
    design = logic(**imports)
    written = import_order(design)
    assert import_cycle(design) == ()
    for file in design.files:
        assert all(written.index(item.path) < written.index(file.path) for item in file.imports)


def test_a_ring_is_named_from_end_to_end() -> None:
    found = import_cycle(logic(a=("b",), b=("c",), c=("a",), d=()))
    assert found[0] == found[-1]
    assert set(found) == {"a.py", "b.py", "c.py"}
    assert import_cycle(logic(a=("a",))) == ("a.py", "a.py")


@pytest.mark.parametrize(
    ("design", "reason"),
    [
        (logic(a=("b",), b=("a",)), "in a cycle: "),
        (logic(a=("b",)), "`a.py` imports `b.py`, which is not in the list"),
        (logic(**{"../a": ()}), "leads out of the repository"),
    ],
)
def test_an_import_that_a_user_added_is_reported(design: LogicDesign, reason: str) -> None:
    with pytest.raises(ArtifactError, match=r"planning/logic\.json: ") as caught:
        import_order(design)
    assert reason in str(caught.value)


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
