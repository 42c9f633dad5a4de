"""Files that fit, the selection of files by an agent if they do not, and the sharing of the window."""

import asyncio
from pathlib import Path

import pytest

from papercoder.artifacts import SelectedFiles, SourceFile
from papercoder.evaluation.critique.context import select_excerpt, select_files, shares
from papercoder.evaluation.repository_view import Excerpt, size
from papercoder.runs.events import Emit, Event, Warned
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from tests.support import PAPER, Says, Scripted, make_agents, of_kind

FILES = tuple(SourceFile(path=f"f{number}.py", text=f"value = {number}\n" * 50) for number in range(5))
ALL = sum(map(size, FILES))
SIZES = {file.path: size(file) for file in FILES}


def selected(*answers: Says, sizes: dict[str, int] = SIZES) -> tuple[SelectedFiles, Scripted]:
    model = Scripted({"select_files": list(answers)})
    return asyncio.run(select_files(make_agents(model), PAPER, "the authors' repository", sizes)), model


def chosen(*paths: str) -> SelectedFiles:
    return SelectedFiles(paths=paths)


def fit(folder: Path, model: Scripted, room: int, emit: Emit = lambda _: None) -> Excerpt:
    run = Run(folder, make_agents(model), emit, step_store(folder))
    return asyncio.run(select_excerpt(run, "judges/selected.json", PAPER, "the repository", FILES, SIZES, room))


def test_the_agent_reads_the_paper_and_all_paths_with_their_sizes() -> None:
    answer, model = selected(chosen("f3.py", "f0.py"))
    assert answer.paths == ("f3.py", "f0.py")
    (request,) = model.requests
    assert "The model predicts the target as a scaled input" in request.text
    assert all(f"- {path} ({tokens} tokens)" in request.text for path, tokens in SIZES.items())
    assert "The files of the authors' repository are too large" in request.text


def test_an_unknown_path_is_retried_once_and_then_dropped() -> None:
    answer, model = selected(chosen("/etc/passwd", "f1.py", "f1.py"))
    assert answer.paths == ("f1.py",)
    assert [request.round for request in model.requests] == [0, 1]
    assert "'/etc/passwd' is not in the list." in model.requests[1].text


@pytest.mark.parametrize("answer", [chosen(), chosen("nowhere.py")])
def test_an_empty_selection_is_retried(answer: SelectedFiles) -> None:
    corrected, model = selected(answer, answer, chosen("f2.py"))
    assert corrected.paths == ("f2.py",)
    assert len(model.requests) == 3


def test_a_long_list_contains_only_code() -> None:
    sizes = {**{f"data/{number}.txt": 1 for number in range(30_000)}, "main.py": 7}
    _, model = selected(chosen("main.py"), sizes=sizes)
    assert "- main.py (7 tokens)" in model.requests[0].text
    assert "data/" not in model.requests[0].text


def test_no_selection_if_everything_fits(tmp_path: Path) -> None:
    shown = fit(tmp_path, Scripted({}), ALL)
    assert shown.omitted == ()


def test_files_are_included_in_the_order_of_one_selection(tmp_path: Path) -> None:
    model = Scripted({"select_files": chosen("f4.py", "f2.py")})
    shown = fit(tmp_path, model, ALL * 3 // 4)
    assert shown.text.startswith("`f4.py`")
    assert shown.omitted
    assert {"f4.py", "f2.py"}.isdisjoint(shown.omitted)
    assert fit(tmp_path, model, ALL * 2 // 4).text.startswith("`f4.py`")
    assert len(model.requests) == 1


def test_without_a_selection_code_comes_first_with_a_warning(tmp_path: Path) -> None:
    events = list[Event]()
    shown = fit(tmp_path, Scripted({"select_files": "No."}), ALL // 2, events.append)
    assert shown.text.startswith("`f0.py`")
    assert shown.omitted[-1] == "f4.py"
    (warned,) = of_kind(events, Warned)
    assert "select_files agent for the repository in 3 tries" in warned.message


@pytest.mark.parametrize(
    ("room", "one", "other", "wanted"),
    [
        (100, 30, 40, (30, 40)),
        (100, 80, 80, (50, 50)),
        (100, 80, 30, (70, 30)),
        (100, 20, 500, (20, 80)),
        (100, 500, 0, (100, 0)),
        (0, 10, 10, (0, 0)),
    ],
)
def test_unused_room_goes_to_the_other_repository(room: int, one: int, other: int, wanted: tuple[int, int]) -> None:
    assert shares(room, one, other) == wanted
