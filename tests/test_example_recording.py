"""The bundled example: what the recorded answers make, and how it compares with what the paper and the truth say."""

import asyncio
import json
from pathlib import Path

import pytest

from papercoder.artifacts import Claims, Repository
from papercoder.claims.summaries import parse_results
from papercoder.claims.verdicts import compare_summaries
from papercoder.operations.generate import generate
from papercoder.runs.folder import load
from papercoder.settings import Settings

EXAMPLE = Path(__file__).parents[1] / "examples" / "kiln"
SHOWN = EXAMPLE / "repository"
SEEN_WHEN_RUN = {"requirements.lock", "results.json"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Repository]:
    folder = tmp_path_factory.mktemp("kiln") / "run"
    settings = Settings(model=f"recorded:{EXAMPLE / 'recorded'}", sandbox="none")
    return folder, asyncio.run(generate(EXAMPLE / "paper.pdf", folder, settings))


def test_the_recording_makes_the_repository_that_is_shown(run: tuple[Path, Repository]) -> None:
    shown = {path.relative_to(SHOWN).as_posix() for path in SHOWN.rglob("*") if path.is_file()}
    made = {file.path: file.text for file in run[1].files}
    assert set(made) == shown - SEEN_WHEN_RUN
    assert {path: (SHOWN / path).read_text(encoding="utf-8") for path in made} == made


def test_every_requirement_is_owned_marked_and_judged(run: tuple[Path, Repository]) -> None:
    repository = run[1]
    assert repository.traceability.unowned == ()
    assert repository.traceability.unmarked == ()
    assert repository.verdicts
    judged = [verdict.requirement for verdict in repository.verdicts.verdicts]
    assert sorted(judged) == sorted(trace.requirement.id for trace in repository.traceability.traces)


def test_the_appendix_and_what_is_left_open_are_found(run: tuple[Path, Repository]) -> None:
    needs = [trace.requirement for trace in run[1].traceability.traces]
    appendix = " ".join(need.statement for need in needs if need.anchor.startswith(("app:", "eq:12")))
    assert "10" in appendix
    assert any(need.status == "cited" and "7" in need.statement for need in needs)
    assert any(need.status == "assumed" for need in needs)


@pytest.mark.xfail(reason="The recorded code names claims by their old ids; the example has to be recorded again.")
def test_the_measured_results_meet_the_claims(run: tuple[Path, Repository]) -> None:
    claims = load(run[0], "planning/claims.json", Claims)
    measured = parse_results((SHOWN / "results.json").read_text(encoding="utf-8"), claims)
    results = compare_summaries(claims, measured).items
    assert len(results) >= 12 + 14 + 7 + 4
    assert [result.claim.id for result in results if result.verdict != "met"] == []


def test_the_measured_results_meet_the_truth() -> None:
    truth = json.loads((Path(__file__).parent / "reference" / "kiln_results.json").read_text(encoding="utf-8"))
    rows = json.loads((SHOWN / "results.json").read_text(encoding="utf-8"))["results"]
    for method, cells in truth["tables"]["results"].items():
        for labels, cell in cells.items():
            measured = [
                row["mean"]
                for row in rows
                if row["method"] == method and row["dataset"].endswith(f"ℓ = {labels}") and "main" in row["experiment"]
            ]
            assert measured == [pytest.approx(cell["mean"], abs=truth["tolerance"][method][labels])]
