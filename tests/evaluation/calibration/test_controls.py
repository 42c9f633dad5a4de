"""Controls are made from the repository alone, the same each time, and differ from it in what they say they do."""

import ast
from pathlib import Path

from papercoder.artifacts import SourceFile
from papercoder.evaluation.calibration.controls import Control, authors_control, controls
from papercoder.evaluation.repository_view import judged_files, paths_of

EXAMPLE = Path(__file__).parents[3] / "examples" / "kiln" / "repository"


def files(**texts: str) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(path=name.replace("__", "."), text=text) for name, text in texts.items())


REPOSITORY = files(
    config__yaml="rate: 0.1\n",
    main__py="from model import loss\n\nprint(loss(1.0, 2.0))\n",
    model__py="def loss(a, b):\n    return (a - b) ** 2\n",
    readme__md="# The method\n",
)


def made(repository: tuple[SourceFile, ...] = REPOSITORY) -> dict[str, Control]:
    found, _ = controls(repository, tuple(file.path for file in repository))
    return {control.name: control for control in found}


def reasons(repository: tuple[SourceFile, ...]) -> dict[str, str]:
    _, missing = controls(repository, tuple(file.path for file in repository))
    return {control.control: control.reason for control in missing}


def texts(control: Control) -> dict[str, str]:
    return {file.path: file.text for file in control.files}


def test_all_four_are_made_and_the_same_again() -> None:
    assert list(made()) == ["empty", "config-only", "shuffled", "mutated"]
    assert made() == made()


def test_empty_has_nothing() -> None:
    assert (made()["empty"].files, made()["empty"].paths) == ((), ())


def test_config_only_keeps_settings_and_packages_and_no_word_about_the_code() -> None:
    more = (*REPOSITORY, *files(requirements__txt="numpy\n", notes__txt="x\n", results__json="{}"))
    control = made(more)["config-only"]
    assert control.paths == ("config.yaml", "requirements.txt")
    assert set(texts(control)) == set(control.paths)


def test_shuffled_has_the_same_names_and_the_same_texts_but_none_together() -> None:
    before, after = {file.path: file.text for file in REPOSITORY}, texts(made()["shuffled"])
    assert list(after) == list(before)
    assert sorted(after.values()) == sorted(before.values())
    assert all(after[path] != before[path] for path in ("main.py", "model.py"))
    assert all(after[path] == before[path] for path in ("config.yaml", "readme.md"))


def test_mutated_differs_in_one_operator_and_says_where() -> None:
    control = made()["mutated"]
    assert texts(control)["model.py"] == "def loss(a, b):\n    return (a - b) * 2\n"
    assert control.made == 'model.py, line 2, in loss: "**" became "*"'
    assert {path for path, text in texts(control).items() if text not in {file.text for file in REPOSITORY}} == {
        "model.py"
    }


def test_what_a_repository_does_not_allow_is_said() -> None:
    assert reasons(()) == {
        "empty": "the repository has no file that a judge reads",
        "config-only": "the repository has no configuration",
        "shuffled": "the repository has fewer than two different code files",
        "mutated": "no Python function has arithmetic to change",
    }
    assert reasons(files(config__yaml="a: 1\n"))["config-only"] == "the repository has only configuration"


def test_the_authors_come_last() -> None:
    gold = files(train__py="x = 1\n")
    found, _ = controls(REPOSITORY, (), authors_control(gold, ("train.py", "data.bin")))
    assert (found[-1].name, found[-1].files, found[-1].paths) == ("authors", gold, ("train.py", "data.bin"))


def test_the_example_has_all_controls() -> None:
    found, missing = controls(judged_files(EXAMPLE), paths_of(EXAMPLE))
    assert missing == ()
    mutated = next(control for control in found if control.name == "mutated")
    assert "(eq:" in "".join(file.text for file in mutated.files)
    for file in mutated.files:
        if file.path.endswith(".py"):
            ast.parse(file.text)
