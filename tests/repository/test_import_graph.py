"""The order in which files are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import FileLogic, ImportedNames, LogicDesign
from papercoder.errors import ArtifactError
from papercoder.repository.import_graph import import_cycle, import_order


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
