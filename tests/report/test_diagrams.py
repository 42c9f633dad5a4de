"""The diagrams of the report: the graph of the files, and its source if it cannot be drawn."""

import re

import pytest

from papercoder.artifacts import FileLogic, ImportedNames, LogicDesign
from papercoder.report.diagrams import file_graph, submit_graph
from tests.diagrams.shapes import parsed, texts

HOSTILE = "</text><script>alert(1)</script>"
LOGIC = LogicDesign(
    packages=(),
    shared_knowledge="",
    files=(
        FileLogic(path="a/b.py", implements=HOSTILE),
        FileLogic(path=f"{HOSTILE}.py", implements="x", imports=(ImportedNames(path="gone.py", names=()),)),
        FileLogic(path="main.py", implements="x", imports=(ImportedNames(path="a/b.py", names=("fit", HOSTILE)),)),
    ),
)


@pytest.fixture(scope="module")
def svg() -> str:
    rendering = submit_graph(LOGIC)
    assert rendering
    return rendering.result().svg


def test_each_file_has_its_path_and_its_note(svg: str) -> None:
    graph = file_graph(LOGIC, svg, {"a/b.py": "owns 3 requirements"}, "Files")
    assert texts(graph) == ["a/b.pyowns 3 requirements", f"{HOSTILE}.py", "main.py"]
    assert "<script" not in graph
    assert 'role="img"' in graph


def test_an_import_is_an_edge_that_names_what_is_imported(svg: str) -> None:
    graph = parsed(file_graph(LOGIC, svg, {}, "Files"))
    titles = [title.text for title in graph.iter("{http://www.w3.org/2000/svg}title")]
    assert f"main.py imports fit, {HOSTILE} from a/b.py" in titles
    assert "main.py imports a/b.py." in (graph.findtext("{http://www.w3.org/2000/svg}desc") or "")


def test_a_file_can_have_a_class_and_be_a_link(svg: str) -> None:
    graph = file_graph(LOGIC, svg, {}, "Files", {"main.py": "is-open"}, {"a/b.py": "/read?file=a%2Fb.py&x=1"})
    assert re.search(r'<a href="/read\?file=a%2Fb\.py&amp;x=1"><g [^>]*class="m-node m-default"', graph)
    assert re.search(r'class="m-node m-default is-open m-main"', graph)
    assert 'role="group"' in graph


def test_too_many_files_are_not_drawn() -> None:
    files = tuple(FileLogic(path=f"m{number}.py", implements="") for number in range(101))
    assert submit_graph(LogicDesign(packages=(), shared_knowledge="", files=files)) is None
