"""The options of a new run, and what is said about them before it starts."""

from pathlib import Path
from typing import Any, get_args

import pytest

from papercoder.errors import SettingsError
from papercoder.paper.fidelity import Estimate
from papercoder.settings import Coding, Profile, Settings
from papercoder.web.parts.run_options import (
    CODING,
    FRONT,
    PROFILES,
    RunOptions,
    cost_estimate,
    describe,
    model_note,
    model_suggestions,
    problems,
)
from tests.support import PAPER


def test_options_override_the_settings_file() -> None:
    Path("papercoder.toml").write_text(
        'model = "openai:a"\nrefine = 3\n[models]\nreview = "openai:r"\n', encoding="utf-8"
    )
    options = RunOptions(
        "anthropic:b ", "papercoder", 2.5, models={"coding": "openai:c"}, thinking="low", coding="parallel"
    )
    settings = options.settings(Settings())
    assert (settings.model, settings.profile, settings.max_cost, settings.refine) == (
        "anthropic:b",
        "papercoder",
        2.5,
        3,
    )
    assert settings.model_for("coding") == "openai:c"
    assert settings.model_for("review") == "anthropic:b"  # the field was cleared
    assert (settings.thinking, settings.coding) == ("low", "parallel")


def test_a_cleared_model_for_figures_means_that_they_are_not_read() -> None:
    Path("papercoder.toml").write_text('model = "openai:a"\n[models]\nvision = "openai:v"\n', encoding="utf-8")
    assert Settings().has("vision")
    assert not RunOptions("openai:a").settings(Settings()).has("vision")
    assert RunOptions("openai:a", models={"vision": "openai:w"}).settings(Settings()).models["vision"] == "openai:w"
    with_program = RunOptions("openai:a", models={"vision": "command:cat"})
    assert "text alone" in problems(with_program, Settings(model="command:cat"), PAPER)["vision"].problem


def test_references_are_addresses_that_the_blacklist_does_not_name() -> None:
    def problem(references: str, blacklist: str = "", named: tuple[str, ...] = ()) -> str:
        options = RunOptions("simulated:files=4", references=references, blacklist=blacklist)
        note = problems(options, Settings(references=named), PAPER).get("references")
        return note.problem if note else ""

    address = "https://git.test/owner/code"
    assert problem(f"{address}\n") == ""
    assert "owner/code" in problem(address, "owner/code")
    assert "https address" in problem("/srv/code")
    assert "https address" in problem("git@git.test:owner/code")
    assert problem("code", named=("code",)) == ""
    chosen = RunOptions("simulated:files=4", references=f" {address} \n\n", blacklist="a/b\nc").settings(Settings())
    assert (chosen.references, chosen.blacklist) == ((address,), ("a/b", "c"))
    as_published = RunOptions("simulated:files=4", "papercoder", references=address)
    assert "does not read references" in problems(as_published, Settings(), PAPER)["references"].hint


@pytest.mark.parametrize("spec", ["recorded:/etc", "relay:/tmp/x", "relay:runs", "command:rm -rf x"])
def test_a_model_that_opens_folders_or_runs_programs_is_rejected(spec: str) -> None:
    with pytest.raises(SettingsError, match="folders or programs of this machine"):
        RunOptions(spec).settings(Settings())
    assert "folders or programs" in model_note(spec, Settings()).problem
    given = Settings(model="recorded:somewhere")
    assert RunOptions("recorded:somewhere").settings(given).model == "recorded:somewhere"


@pytest.mark.parametrize(
    ("spec", "problem", "suggestion"),
    [
        ("opnai:gpt-6-luna", "There is no provider “opnai”.", "openai:gpt-6-luna"),
        ("gpt-6-luna", "Write provider:name", "openai:gpt-6-luna"),
        ("anthropic", "Write provider:name", "anthropic:claude-sonnet-5-5"),
        ("openai:gpt-6-luna", "No key: set OPENAI_API_KEY", ""),
        ("simulated:files=nonsense", "files", ""),
    ],
)
def test_what_is_wrong_with_a_model_is_said_with_the_nearest_name(spec: str, problem: str, suggestion: str) -> None:
    note = model_note(spec, Settings())
    assert problem in note.problem
    assert note.suggestion == suggestion
    assert "--" not in note.problem


def test_a_configured_model_shows_its_price_and_an_unknown_one_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert "key set · $" in model_note("openai:gpt-5-mini", Settings()).hint
    unknown = model_note("openai:gpt-5-minni", Settings())
    assert unknown.problem == ""
    assert "not in the price list" in unknown.hint
    assert unknown.suggestion.startswith("openai:gpt-5")
    assert model_note("simulated:files=4", Settings()).hint == "A test model: no key, no cost."


def test_models_are_suggested_as_one_types() -> None:
    first = model_suggestions("", Settings(model="simulated:files=7"))
    assert next(iter(first)) == "simulated:files=7"
    assert first["simulated:files=4"].startswith("test model")
    assert first["anthropic:claude-sonnet-5-5"] == "set ANTHROPIC_API_KEY"
    assert all(spec.startswith("openai:") for spec in model_suggestions("openai:gp", Settings()))


@pytest.mark.parametrize(
    ("field", "changes", "said"),
    [
        ("max_cost", {"max_cost": 0.0001}, "The first call alone may cost"),
        ("budget", {"reproduce": True, "budget": "soon"}, "is not a duration"),
        ("data", {"data": "digits"}, "write NAME=PATH"),
        ("data", {"data": "digits=/nowhere/at/all"}, "There is nothing at the path of digits"),
        ("coding", {"models": {"coding": "opnai:x"}}, "There is no provider"),
    ],
)
def test_every_problem_is_said_at_its_field(field: str, changes: dict[str, Any], said: str) -> None:
    options = RunOptions(**{"model": "simulated:files=4,price_in=1,price_out=4", **changes})
    assert said in problems(options, Settings(), PAPER)[field].problem
    assert "/nowhere" not in problems(options, Settings(), PAPER)[field].problem


def test_the_published_profile_is_cheaper() -> None:
    costs = [
        cost_estimate(RunOptions("simulated:files=4,price_in=1,price_out=4", profile), Settings(), PAPER).cost_usd or 0
        for profile in FRONT
    ]
    assert costs[0] > costs[1] > 0


def test_an_unknown_price_is_stated() -> None:
    found = Estimate(model="x:y", calls=2, prompt_tokens=10, completion_tokens=5)
    assert "a cost limit cannot be enforced" in describe(found)


def test_every_profile_and_order_of_coding_has_a_label() -> None:
    assert list(CODING) == list(get_args(Coding))
    assert list(PROFILES) == list(get_args(Profile))
