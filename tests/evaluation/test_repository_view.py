"""What a judge is shown of a repository: in order, within its room, and nothing dropped silently."""

import os
from pathlib import Path

import pytest

from papercoder.artifacts import ExecutionReport, SourceFile
from papercoder.errors import ArtifactError
from papercoder.evaluation.repository_view import (
    NO_RESULTS,
    NOTHING_EXECUTED,
    Observations,
    excerpt,
    judged_files,
    load_observations,
    path_lines,
    paths_of,
    sizes_of,
    tree,
)
from papercoder.models.contract import count_tokens
from papercoder.text.fences import fence
from tests.scripted import UNOBSERVED, observed

FILES = tuple(
    SourceFile(path=path, text="x = 1\n" * lines)
    for path, lines in (("README.md", 5), ("config.yaml", 5), ("main.py", 20), ("model.py", 10), ("ops.cu", 5))
)
SIZES = sizes_of(FILES)
ALL = sum(SIZES.values())


def order(text: str) -> list[str]:
    return [line.strip("`:") for line in text.splitlines() if line.startswith("`") and not line.startswith("````")]


def test_what_fits_is_shown_whole_code_first_and_documents_last() -> None:
    shown = excerpt(FILES, SIZES, ALL)
    assert shown.omitted == ()
    assert order(shown.text) == ["main.py", "model.py", "ops.cu", "config.yaml", "README.md"]
    assert count_tokens(shown.text) <= ALL


def test_what_was_chosen_comes_first_in_its_order() -> None:
    shown = excerpt(FILES, SIZES, ALL, first=("config.yaml", "model.py", "nowhere.py"))
    assert order(shown.text) == ["config.yaml", "model.py", "main.py", "ops.cu", "README.md"]


@pytest.mark.parametrize("room", [0, 1, 50, 100, ALL // 2, ALL - 1])
def test_what_does_not_fit_is_named_and_the_room_is_kept(room: int) -> None:
    shown = excerpt(FILES, SIZES, room)
    assert shown.omitted
    assert {*order(shown.text), *shown.omitted} == {file.path for file in FILES}
    assert count_tokens(shown.text) <= room


def test_a_smaller_file_takes_the_room_that_a_larger_one_does_not_fit() -> None:
    room = SIZES["model.py"] + SIZES["config.yaml"]
    shown = excerpt(FILES, SIZES, room, first=("model.py", "main.py", "config.yaml"))
    assert order(shown.text) == ["model.py", "config.yaml"]


def test_of_a_file_larger_than_all_the_room_the_beginning_is_shown() -> None:
    large = SourceFile(path="main.py", text="".join(f"x{number} = {number}\n" for number in range(1000)))
    shown = excerpt((large,), sizes_of((large,)), 200)
    assert shown.omitted == ("main.py",)
    assert "   1 x0 = 0\n   2 x1 = 1\n" in shown.text
    assert shown.text.endswith("The rest of this file is omitted.")
    assert 150 < count_tokens(shown.text) <= 200
    assert excerpt((large,), sizes_of((large,)), 10).text == ""


def test_a_tree_counts_the_files_and_names_them() -> None:
    assert tree(["src/b.py", "a.py"]) == "2 files:\n- a.py\n- src/b.py"
    assert tree(["a.py"]) == "1 file:\n- a.py"
    assert tree([]) == "0 files."


def test_a_list_that_grows_too_long_says_how_many_more_there_are() -> None:
    listed = path_lines(f"data/part_{number:06}.txt" for number in range(20_000)).splitlines()
    assert listed[0] == "- data/part_000000.txt"
    assert listed[-1] == f"- and {20_000 - len(listed) + 1} more"
    assert count_tokens("\n".join(listed)) < 5_000
    assert tree(str(number) for number in range(20_000)).startswith("20000 files:\n")


def test_all_files_are_in_the_tree_and_text_alone_is_read(tmp_path: Path) -> None:
    for name in ("src/model.py", "config.yaml", "kernel.cu", "weights.bin", "logo.png", ".env", "Makefile"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    assert paths_of(tmp_path) == ("Makefile", "config.yaml", "kernel.cu", "logo.png", "src/model.py", "weights.bin")
    assert [file.path for file in judged_files(tmp_path)] == ["config.yaml", "kernel.cu", "src/model.py"]


def test_a_notebook_is_read_as_its_code(tmp_path: Path) -> None:
    cells = '{"cells": [{"cell_type": "code", "source": ["x = 1\\n", "y = 2"]}], "nbformat": 4}'
    (tmp_path / "b.ipynb").write_text(cells, encoding="utf-8")
    (tmp_path / "a.py").write_text("x\n", encoding="utf-8")
    assert judged_files(tmp_path)[1] == SourceFile(path="b.ipynb", text="# In [1]\nx = 1\ny = 2\n")


def test_nothing_is_read_where_nothing_is(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        assert judged_files(folder) == ()
        assert paths_of(folder) == ()


def test_a_name_cannot_pose_as_another_line_and_can_always_be_sent(tmp_path: Path) -> None:
    (tmp_path / "a\n- fake.py").write_text("x\n", encoding="utf-8")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.py")).write_text("x\n", encoding="utf-8")
    (tmp_path / "grüße.py").write_text("x\n", encoding="utf-8")
    names = ("a\\n- fake.py", "b\\udcff.py", "grüße.py")
    assert paths_of(tmp_path) == names
    assert tuple(file.path for file in judged_files(tmp_path)) == names
    assert tree(paths_of(tmp_path)).encode() == "3 files:\n- a\\n- fake.py\n- b\\udcff.py\n- grüße.py".encode()


def test_what_a_repository_claims_of_itself_is_listed_but_not_read(tmp_path: Path) -> None:
    for name in ("main.py", "TRACEABILITY.md", "TRACEABILITY.json", "src/TRACEABILITY.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    assert [file.path for file in judged_files(tmp_path)] == ["main.py", "src/TRACEABILITY.md"]
    assert set(paths_of(tmp_path)) == {"main.py", "TRACEABILITY.md", "TRACEABILITY.json", "src/TRACEABILITY.md"}


RESULTS = '{"results": [{"claim": "C1", "mean": 0.12}]}'
SMOKED = Observations(observed())
REPRODUCED = Observations(observed(), results=RESULTS)


def run_of(folder: Path, report: ExecutionReport) -> Path:
    """A run folder with its report; returns its repository."""
    (folder / "repo").mkdir(parents=True)
    (folder / "execution").mkdir()
    (folder / "execution" / "report.json").write_text(report.model_dump_json(), encoding="utf-8")
    return folder / "repo"


def test_a_run_tells_what_it_saw(tmp_path: Path) -> None:
    report = observed()
    repository = run_of(tmp_path, report)
    (tmp_path / "reproduction").mkdir()
    (tmp_path / "reproduction" / "claims.json").write_text(RESULTS, encoding="utf-8")
    (repository / "reproduce.log").write_text("all is well", encoding="utf-8")
    (repository / "results.json").write_text('{"results": "forged"}', encoding="utf-8")
    assert load_observations(repository) == Observations(report=report, results=RESULTS)


def test_a_submission_has_its_log_and_results_beside_its_code(tmp_path: Path) -> None:
    (tmp_path / "reproduce.log").write_text("epoch 1\n", encoding="utf-8")
    (tmp_path / "results.json").write_text(RESULTS, encoding="utf-8")
    assert load_observations(tmp_path) == Observations(log="epoch 1\n", results=RESULTS)


@pytest.mark.parametrize("log", [None, "", " \n"])
def test_results_that_were_not_observed_do_not_count(tmp_path: Path, log: str | None) -> None:
    (tmp_path / "results.json").write_text(RESULTS, encoding="utf-8")
    if log is not None:
        (tmp_path / "reproduce.log").write_text(log, encoding="utf-8")
    found = load_observations(tmp_path)
    assert (found.executed, found.results) == (False, "")


def test_a_run_that_executed_nothing_has_no_results(tmp_path: Path) -> None:
    repository = run_of(tmp_path, UNOBSERVED)
    (tmp_path / "execution" / "report.json").unlink()
    (tmp_path / "events.jsonl").touch()
    (repository / "reproduce.log").write_text("all is well", encoding="utf-8")
    assert load_observations(repository) == Observations()


def test_a_folder_that_is_not_there_showed_nothing(tmp_path: Path) -> None:
    assert not load_observations(tmp_path / "none").executed


def test_an_invalid_report_is_an_error(tmp_path: Path) -> None:
    repository = run_of(tmp_path, UNOBSERVED)
    (tmp_path / "execution" / "report.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"execution/report\.json"):
        load_observations(repository)


@pytest.mark.parametrize(
    ("seen", "execution", "results"),
    [
        (Observations(), NOTHING_EXECUTED, NOTHING_EXECUTED),
        (Observations(UNOBSERVED, log="text", results=RESULTS), NOTHING_EXECUTED, NOTHING_EXECUTED),
        (SMOKED, "", NO_RESULTS),
        (Observations(observed("import", "ImportError")), "", NO_RESULTS),
        (REPRODUCED, "", ""),
        (Observations(log="accuracy 0.9\n"), "", ""),
    ],
)
def test_what_was_not_observed_needs_no_judge(seen: Observations, execution: str, results: str) -> None:
    assert seen.unmet("Code Development") == ""
    assert seen.unmet("Code Execution") == execution
    assert seen.unmet("Result Analysis") == results


def test_a_judge_reads_every_step_and_the_results() -> None:
    text = Observations(observed("smoke", "ValueError: too few")).render()
    assert "- import (`run import`): passed" in text
    assert "- smoke (`run smoke`): failed, 0.0 s. it ended with exit code 1: ValueError: too few" in text
    assert fence("ValueError: too few") in text
    assert RESULTS in REPRODUCED.render()


def test_what_is_long_is_cut_and_said_to_be() -> None:
    text = Observations(log=f"first{'x' * 50_000}last").render()
    assert "first" in text
    assert "last" in text
    assert "[10009 characters omitted]" in text
