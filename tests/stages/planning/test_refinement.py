"""Changes of planning artifacts leave everything else as it was."""

import asyncio
import json
import re
from typing import Any

import pytest

from papercoder.artifacts import Critique, DataSources, ExperimentConfig, Violation
from papercoder.stages.planning.design import design_config
from papercoder.stages.planning.refinement import (
    ArchitectureChanges,
    ChangeError,
    ConfigChanges,
    LogicChanges,
    apply_changes,
)
from tests.support import CONFIG, LOGIC, PAPER, PLAN, REQUIREMENTS, Scripted, architecture, make_agents, setting


def edit(field: str, search: str, replace: str) -> LogicChanges:
    return LogicChanges.model_validate({"edits": [{"field": field, "search": search, "replace": replace}]})


def test_words_of_a_text_are_replaced() -> None:
    changed = apply_changes(LOGIC, edit("shared_knowledge", "floats", "doubles"))
    assert changed == LOGIC.model_copy(update={"shared_knowledge": "All values are doubles."})


def test_text_is_added_at_the_end() -> None:
    changed = apply_changes(LOGIC, edit("shared_knowledge", "", "Seeds are integers."))
    assert changed.shared_knowledge == "All values are floats.\n\nSeeds are integers."


def test_texts_of_a_list_are_added_changed_and_dropped() -> None:
    added = apply_changes(LOGIC, edit("packages", "", "scipy>=1.11"))
    assert added.packages == (*LOGIC.packages, "scipy>=1.11")
    changed = apply_changes(added, edit("packages", "scipy", "torch"))
    assert changed.packages == (*LOGIC.packages, "torch>=1.11")
    assert apply_changes(changed, edit("packages", "torch>=1.11", "")).packages == LOGIC.packages


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (edit("shared_knowledge", "z", "y"), "`shared_knowledge` contains 'z' 0 times, not once."),
        (edit("shared_knowledge", "l", "y"), "`shared_knowledge` contains 'l' 4 times, not once."),
        (edit("packages", "z", "y"), "0 texts of `packages` contain 'z'; copy words of exactly one."),
        (edit("title", "z", "y"), "`title` is not a text of the artifact; its texts are shared_knowledge."),
    ],
)
def test_changes_that_do_not_fit_are_explained(changes: LogicChanges, problem: str) -> None:
    with pytest.raises(ChangeError, match=re.escape(problem)):
        apply_changes(LOGIC, changes)


def test_files_are_replaced_added_and_dropped_by_path() -> None:
    design = architecture()
    last = design.files[-1]
    changes = ArchitectureChanges.model_validate(
        {"files": [{"path": last.path, "purpose": "New."}, {"path": "new.py", "purpose": "Added."}]}
    )
    changed = apply_changes(design, changes)
    assert changed.files[:-2] == design.files[:-1]
    assert [(file.path, file.purpose) for file in changed.files[-2:]] == [(last.path, "New."), ("new.py", "Added.")]
    dropped = apply_changes(changed, ArchitectureChanges(drop=("new.py",)))
    assert [file.path for file in dropped.files] == [file.path for file in design.files]
    with pytest.raises(ChangeError, match=r"`old.py` cannot be dropped; there is no such path"):
        apply_changes(design, ArchitectureChanges(drop=("old.py",)))


def test_values_are_replaced_by_key() -> None:
    changed = apply_changes(CONFIG, ConfigChanges(values=(setting("seed", 7), setting("new.key", 1))))
    assert [value.key for value in changed.values] == [*(value.key for value in CONFIG.values), "new.key"]
    assert next(value for value in changed.values if value.key == "seed").value == 7


def test_an_artifact_stays_valid() -> None:
    with pytest.raises(ChangeError, match="values: "):
        apply_changes(CONFIG, ConfigChanges(drop=tuple(value.key for value in CONFIG.values)))


def refine(*answers: dict[str, Any]) -> tuple[ExperimentConfig, Scripted]:
    wrong = Critique(violations=(Violation(where="seed", what="wrong", correction="7"),))
    model = Scripted({"config": CONFIG, "verify": wrong, "refine": [json.dumps(answer) for answer in answers]})
    made = design_config(make_agents(model), PAPER, PLAN, REQUIREMENTS, DataSources(), None, 1)
    return asyncio.run(made), model


def test_a_refinement_gives_the_changes_alone() -> None:
    config, model = refine({"values": [{"key": "seed", "value": 7, "source": "assumed"}]})
    assert next(value for value in config.values if value.key == "seed").value == 7
    assert len(config.values) == len(CONFIG.values)
    text = model.of("refine")[0].text
    assert "To change a setting, give it in full." in text
    assert "TextEdit" not in text


def test_a_change_that_does_not_fit_is_rejected() -> None:
    _, model = refine({"drop": ["nothing"]}, {"drop": ["data.synthetic"]}, {})
    assert "`nothing` cannot be dropped; there is no such key." in model.of("refine")[1].text
    assert "The key `data.synthetic` is missing." in model.of("refine")[2].text


def test_a_whole_artifact_is_understood_too() -> None:
    better = CONFIG.model_copy(update={"values": (*CONFIG.values, setting("new.key", 1))})
    config, _ = refine(json.loads(better.model_dump_json()))
    assert config == better
