"""What a file uses and what uses it, without the rest of the repository."""

from papercoder.artifacts import SourceFile
from papercoder.repository.call_graph import CallGraph

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
