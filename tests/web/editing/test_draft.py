"""Drafts of artifacts: typed values, alternatives, new and removed items, and what is wrong with them."""

import pytest

from papercoder.artifacts import Claims, DataSources, ExperimentConfig, OverallPlan, Requirements
from papercoder.errors import ArtifactError
from papercoder.runs.folder import artifact_text
from papercoder.web.editing.draft import Draft, fields_of, usable
from tests.support import CONFIG, PLAN, REQUIREMENTS, requirement

ASSUMED = requirement("R3", status="assumed", quote="", alternatives=("Twice the input.", "Half of it."))


def config() -> Draft:
    return Draft("planning/config.json", ExperimentConfig, artifact_text(CONFIG, ExperimentConfig))


def requirements() -> Draft:
    items = Requirements(items=(*REQUIREMENTS.items, ASSUMED))
    text = artifact_text(items, Requirements)
    return Draft("planning/requirements.json", Requirements, text, lambda words: "scaled" in words)


def test_a_draft_without_changes_is_the_opened_text() -> None:
    text = PLAN.model_dump_json()
    draft = Draft("planning/plan.json", OverallPlan, text)
    draft.set("experiments", "Fit once.\n\n")
    assert not draft.is_changed
    assert draft.text() == text
    draft.set("experiments", "Fit once.\nFit twice.")
    assert OverallPlan.model_validate_json(draft.text()).experiments == ("Fit once.", "Fit twice.")
    assert draft.changes() == ("experiments",)


@pytest.mark.parametrize(
    ("path", "typed", "value"),
    [
        ("values.0.value", "true", True),
        ("values.1.value", "1e-3", 0.001),
        ("values.1.value", "1", 1.0),
        ("values.2.value", "41", 41),
        ("values.2.smoke", "2", 2),
        ("values.2.alternatives", "41\n 42 ", ["41", "42"]),
    ],
)
def test_a_typed_value_keeps_its_type(path: str, typed: str, value: object) -> None:
    draft = config()
    draft.set(path, typed)
    assert draft.errors() == {}
    assert draft.at(path) == value
    assert type(draft.at(path)) is type(value)
    assert draft.undo()
    assert not draft.is_changed


def test_what_is_wrong_is_said_at_its_field_and_not_saved() -> None:
    draft = config()
    draft.set("values.1.value", "fast")
    draft.set("values.3.key", "training.epochs")
    draft.set("values.2.key", "no key")
    assert draft.errors()["values.1.value"].startswith("Write a number")
    assert "form" in draft.errors()["values.2.key"]
    with pytest.raises(ArtifactError, match="Correct the marked fields"):
        draft.text()
    draft.set("values.2.key", "training.epochs")
    assert draft.errors()["values.3.key"] == "Another one has this name too."
    draft.set("values.3.key", "seed")
    draft.set("values.1.value", "0.1")
    assert ExperimentConfig.model_validate_json(draft.text()).values[1].value == 0.1


def test_an_alternative_changes_places_with_the_choice() -> None:
    draft = requirements()
    before = draft.at("items.2.statement")
    draft.use("items.2", 1)
    assert draft.at("items.2.statement") == "Half of it."
    assert draft.at("items.2.alternatives") == ["Twice the input.", before]
    assert draft.changes() == ("R3",)
    settings = config()
    settings.use("values.3", 0)
    assert (settings.at("values.3.value"), settings.at("values.3.alternatives")) == (1, ["0"])
    assert usable(settings.at("values.3"), "as many as there are") is None
    with pytest.raises(ArtifactError, match="no value"):
        settings.use("values.3", 7)


def test_requirements_are_added_and_removed_and_need_words() -> None:
    draft = requirements()
    assert draft.add("items") == 3
    assert draft.at("items.3.id") == "R4"
    assert draft.errors() == {"items.3.statement": "Write something here."}
    draft.set("items.3.statement", "There is a bias.")
    draft.set("items.3.status", "stated")
    assert draft.errors() == {"items.3.quote": "Quote the paper, or choose the status “assumed”."}
    draft.set("items.3.quote", "a scaled input")
    assert draft.at("items.3.quote_found")
    draft.set("items.3.quote", "words of nobody")
    assert not draft.at("items.3.quote_found")
    draft.remove("items.0")
    assert [item.id for item in Requirements.model_validate_json(draft.text()).items] == ["R2", "R3", "R4"]
    assert draft.changes() == ("R4", "R1 removed")


@pytest.mark.parametrize("path", ["items.9.statement", "items.x", "nothing", "items.0.id", "items.0.quote_found"])
def test_only_fields_of_the_form_can_be_set(path: str) -> None:
    with pytest.raises(ArtifactError):
        requirements().set(path, "R9")


def test_every_field_has_a_kind_and_ids_are_not_typed() -> None:
    claim = {field.name: field.kind for kind in (Claims,) for field in fields_of(fields_of(kind)[0].item or kind)}
    assert claim["direction"] == "choice"
    assert claim["spread"] == "number"
    assert claim["is_own"] == "flag"
    assert not {"id", "printed"} & claim.keys()
    source = fields_of(DataSources)[0].item
    assert source
    assert "id" in {field.name for field in fields_of(source)}
