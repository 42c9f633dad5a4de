"""Amendment: what a note says becomes requirements and settings, with the note as their evidence."""

import asyncio
from dataclasses import replace

import pytest

from papercoder.artifacts import ExperimentConfig, Quote, Requirements
from papercoder.artifacts.design import Design
from papercoder.stages.amendment import AmendedRequirement, AmendedValue, Amendment, amend, apply_amendment, problems
from tests.scripted import DESIGN
from tests.support import Says, Scripted, make_agents, requirement

NOTE = "The learning rate was 0.07."
RATE = AmendedRequirement(
    id="R2", kind="training", statement="The learning rate is 0.07.", owner="tinyfit/experiments.py"
)
CHANGE = Amendment(requirements=(RATE,), values=(AmendedValue(key="training.learning_rate", value=0.07),))


def ask(*answers: Says) -> tuple[Amendment, Scripted]:
    model = Scripted({"amend": list(answers)})
    return asyncio.run(amend(make_agents(model), DESIGN, NOTE)), model


def new(name: str, owner: str = "tinyfit/model.py") -> AmendedRequirement:
    return AmendedRequirement(id=name, kind="method", statement="New.", owner=owner)


def after(amendment: Amendment, design: Design = DESIGN) -> Design:
    return apply_amendment(design, amendment, NOTE, "note:1")


def values(config: ExperimentConfig) -> dict[str, object]:
    return {value.key: value.value for value in config.values}


def test_the_agent_reads_note_requirements_settings_and_files() -> None:
    amendment, model = ask(CHANGE)
    assert amendment == CHANGE
    (request,) = model.requests
    purpose = "`tinyfit/experiments.py`: Holds experiments."
    for expected in (NOTE, "R2 (training, stated)", "learning_rate: 0.05", purpose):
        assert expected in request.text


def test_a_note_may_change_nothing() -> None:
    assert ask("{}")[0] == Amendment()
    assert after(Amendment()) == DESIGN


def test_an_unfit_amendment_goes_back_with_the_reason() -> None:
    unfit = Amendment(values=(AmendedValue(key="optimizer.rate", value=1),))
    amendment, model = ask(unfit, CHANGE)
    assert amendment == CHANGE
    assert "`optimizer.rate` is not a key of the configuration" in model.requests[1].text


@pytest.mark.parametrize(
    ("requirements", "complaint"),
    [
        ([new("R1", owner="data.py")], ["`data.py` is not a file of the repository."]),
        ([new("R4")], ["Number new requirements from R3."]),
        ([new("R3"), new("R3")], ["Number new requirements from R3."]),
        ([new("R3"), new("R4")], []),
        ([new("R2"), new("R3")], []),
    ],
    ids=["no file", "a gap", "twice", "two", "old and new"],
)
def test_what_is_complained_of(requirements: list[AmendedRequirement], complaint: list[str]) -> None:
    assert problems(Amendment(requirements=tuple(requirements)), DESIGN) == complaint


def test_numbers_that_the_user_deleted_are_not_given_out_again() -> None:
    gap = Design(**{**vars(DESIGN), "requirements": Requirements(items=(requirement("R1"), requirement("R5")))})
    assert problems(Amendment(requirements=(new("R6"),)), gap) == []
    assert problems(Amendment(requirements=(new("R3"),)), gap) != []


def test_a_changed_requirement_has_the_note_as_its_evidence() -> None:
    (same, changed) = after(CHANGE).requirements.items
    assert same == DESIGN.requirements.items[0]
    assert changed.statement == "The learning rate is 0.07."
    assert (changed.quote, changed.anchor) == (DESIGN.requirements.items[1].quote, DESIGN.requirements.items[1].anchor)
    assert changed.evidence == (Quote(anchor="note:1", text=NOTE),)


def test_a_choice_that_a_note_settles_is_stated_by_the_note() -> None:
    open_choice = requirement("R1", status="assumed", quote="", alternatives=("With a bias.",))
    design = replace(DESIGN, requirements=Requirements(items=(open_choice,)))
    settled = Amendment(
        requirements=(AmendedRequirement(id="R1", kind="method", statement="No bias.", owner="tinyfit/model.py"),)
    )
    (changed,) = after(settled, design).requirements.items
    assert (changed.status, changed.quote, changed.anchor, changed.alternatives) == ("stated", NOTE, "note:1", ())


def test_what_a_note_leaves_open_stays_assumed() -> None:
    open_choice = requirement("R1", status="assumed", quote="", alternatives=("Two seeds.",))
    design = replace(DESIGN, requirements=Requirements(items=(open_choice,)))
    partly = AmendedRequirement(
        id="R1", kind="method", statement="Greedy, one seed.", owner="tinyfit/model.py", settled=False
    )
    (changed,) = after(Amendment(requirements=(partly,)), design).requirements.items
    assert (changed.statement, changed.status, changed.alternatives) == (
        "Greedy, one seed.",
        "assumed",
        ("Two seeds.",),
    )
    assert changed.evidence == (Quote(anchor="note:1", text=NOTE),)


def test_a_note_may_need_a_new_setting() -> None:
    new_key = Amendment(values=(AmendedValue(key="training.decay", value=0.1, meaning="decay"),))
    assert problems(new_key, DESIGN) == []
    (added,) = (value for value in after(new_key).config.values if value.key == "training.decay")
    assert (added.value, added.source, added.quote) == (0.1, "quote", NOTE)


def test_a_changed_value_is_stated_by_the_changed_requirement_and_the_others_stay() -> None:
    design = after(CHANGE)
    assert values(design.config) == {**values(DESIGN.config), "training.learning_rate": 0.07}
    (changed,) = (value for value in design.config.values if value.key == "training.learning_rate")
    assert (changed.source, changed.quote, changed.requirement) == ("requirement", "", "R2")


def test_a_value_that_no_requirement_states_has_the_note_as_its_source() -> None:
    design = after(Amendment(values=(AmendedValue(key="training.learning_rate", value=0.07),)))
    (changed,) = (value for value in design.config.values if value.key == "training.learning_rate")
    assert (changed.source, changed.quote, changed.requirement) == ("quote", NOTE, "")


def test_a_tiny_value_stays_tiny_unless_it_is_changed() -> None:
    epochs = AmendedValue(key="training.epochs", value=90)
    for given, tiny in ((epochs, 1), (epochs.model_copy(update={"smoke": 2}), 2)):
        design = after(Amendment(values=(given,)))
        (changed,) = (value for value in design.config.values if value.key == "training.epochs")
        assert (changed.value, changed.smoke) == (90, tiny)


def test_a_new_requirement_comes_last_and_gets_its_owner() -> None:
    design = after(Amendment(requirements=(new("R3"),)))
    assert [item.id for item in design.requirements.items] == ["R1", "R2", "R3"]
    assert design.architecture.owned_by("tinyfit/model.py") == ("R1", "R3")


def test_a_requirement_that_moves_leaves_its_former_owner() -> None:
    design = after(Amendment(requirements=(new("R2", owner="tinyfit/model.py"),)))
    assert design.architecture.owned_by("tinyfit/model.py") == ("R1", "R2")
    assert design.architecture.owned_by("tinyfit/experiments.py") == ()
