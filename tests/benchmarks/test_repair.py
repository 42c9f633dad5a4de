import ast
from pathlib import Path

import pytest
from benchmarks.repair.faults import FAULTS, Fault
from benchmarks.repair.measure import CheckDetector, measure
from benchmarks.repair.sources import Sources, read_sources, without_annotations

GOOD = Path(__file__).parents[1] / "data" / "good_repository"


def _same(sources: Sources) -> Sources:
    return sources


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_changes_one_file_in_the_same_way_each_time(fault: Fault) -> None:
    edit = fault.plant(read_sources(GOOD, 1))
    assert edit is not None
    assert edit == fault.plant(read_sources(GOOD, 1))
    assert edit.text != read_sources(GOOD, 1).files.get(edit.path)


def test_what_is_planted_is_found_and_what_only_running_shows_is_not() -> None:
    chosen = tuple(fault for fault in FAULTS if fault.name in {"wrong module path", "misspelt key", "wrong shape"})
    outcomes = list(measure(GOOD, chosen, range(1), (CheckDetector.of(GOOD),), _same))
    assert [(one.fault.name, one.seen) for one in outcomes] == [
        ("wrong module path", (True,)), ("misspelt key", (True,)), ("wrong shape", (False,))
    ]  # fmt: skip


def test_annotations_can_be_taken_off() -> None:
    bare = without_annotations(read_sources(GOOD, 0))
    nodes = [node for text in bare.modules.values() for node in ast.walk(ast.parse(text))]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    assert not any(node.returns or any(item.annotation for item in node.args.args) for node in functions)
    assert "# R2: one hidden layer (eq:1)" in bare.files["src/model.py"]
