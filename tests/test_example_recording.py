"""The bundled example: what the recorded answers make, and how it compares with the reference implementation."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from papercoder.agents.edits import SearchReplace, apply
from papercoder.artifacts import Claims, Measured, Repository
from papercoder.claims.verdicts import compare
from papercoder.operations.generate import generate
from papercoder.report import write_report
from papercoder.repository.files import read_files
from papercoder.runs.folder import load
from papercoder.settings import Settings
from papercoder.stages.checking import check
from tests.support import tree, without_tests
from tests.web.conftest import chromium_started

EXAMPLE = Path(__file__).parents[1] / "examples" / "kiln"
SHOWN = EXAMPLE / "repository"
TRUTH: dict[str, Any] = json.loads((Path(__file__).parent / "reference" / "kiln_results.json").read_text("utf-8"))
NEAREST, KILN = "Nearest labelled neighbour", "Kiln"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Repository]:
    folder = tmp_path_factory.mktemp("kiln") / "run"
    settings = Settings(model=f"recorded:{EXAMPLE / 'recorded'}", sandbox="none")
    return folder, asyncio.run(generate(EXAMPLE / "paper.pdf", folder, settings))


def test_the_recording_makes_the_repository_that_is_shown(run: tuple[Path, Repository]) -> None:
    made, shown = {file.path: file.text.encode() for file in run[1].files}, tree(SHOWN)
    assert made.keys() == shown.keys()
    assert without_tests(made) == without_tests(shown)


def test_the_published_profile_makes_a_repository_without_problems(tmp_path: Path) -> None:
    settings = Settings(model=f"recorded:{EXAMPLE / 'published'}", profile="papercoder", sandbox="none")
    repository = asyncio.run(generate(EXAMPLE / "paper.pdf", tmp_path, settings))
    assert {"kiln/experiments.py", "main.py", "config.yaml"} <= {file.path for file in repository.files}
    assert check(tmp_path / "repo").findings == ()


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


def test_every_cell_of_the_tables_is_a_claim(run: tuple[Path, Repository]) -> None:
    claims = load(run[0], "planning/claims.json", Claims)
    by_table = {anchor: sum(item.anchor == anchor for item in claims.items) for anchor in ("tab:2", "tab:4", "tab:5")}
    assert by_table == {"tab:2": 12, "tab:4": 7, "tab:5": 4}
    assert claims.orderings


_HIDDEN = """
[...document.querySelectorAll("main *")]
  .filter((one) => one.checkVisibility() && !one.closest(".diagram") && one.getBoundingClientRect().right > innerWidth)
  .map((one) => `${one.tagName} ${one.className}: ${one.textContent.slice(0, 40)}`)
"""
"""What can only be seen by scrolling sideways, apart from diagrams."""


def test_the_report_is_short_and_readable_on_a_phone(run: tuple[Path, Repository], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run[0], folder)
    claims = load(folder, "planning/claims.json", Claims)
    results = tuple(
        item.model_copy(
            update={
                "measured": Measured(claim=item.claim.id, value=item.claim.value, std=1.0, seeds=20),
                "difference": 0.0,
                "interval": (-0.5, 0.5),
                "verdict": "differs" if index < 3 else "met",
                "reason": "20 seeds: the interval of the difference is outside the limit.",
            }
        )
        for index, item in enumerate(compare(claims, ()).items)
    )
    decided = compare(claims, ()).model_copy(update={"items": results})
    (folder / "reproduction").mkdir()
    (folder / "reproduction" / "claims.json").write_text(decided.model_dump_json(), encoding="utf-8")
    write_report(folder)
    with chromium_started() as chromium:
        for width, scheme in ((1400, "light"), (420, "dark")):
            page = chromium.new_context(
                viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
            ).new_page()
            page.goto((folder / "report.html").as_uri())
            if width == 1400:
                assert page.evaluate("document.documentElement.scrollHeight") < 12_000
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(_HIDDEN) == []
            found = Axe().run(page).response["violations"]
            assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []
            page.goto((folder / "report.html").as_uri() + "#R34")
            expect(page.locator("#R34 pre").first).to_be_visible()


def measured(repository: Path, results: Path, *methods: str) -> dict[str, float]:
    """Method -> the accuracy of its first draw with two labels per class."""
    python = (sys.executable, str(repository / "main.py"))
    listed = json.loads(subprocess.run([*python, "--list"], capture_output=True, check=True).stdout)["trials"]
    ids = {
        trial["method"]: trial["id"]
        for trial in listed
        if trial["method"] in methods
        and "main" in trial["experiment"]
        and trial["seed"] == 0
        and trial["dataset"] == "digits, ℓ = 2"
    }
    wanted = [part for name in ids.values() for part in ("--trial", name)]
    subprocess.run([*python, *wanted, "--results", str(results)], capture_output=True, check=True)
    found = {name: json.loads((results / f"{file}.json").read_text("utf-8")) for name, file in ids.items()}
    return {name: result["measured"]["accuracy"] for name, result in found.items()}


def true_accuracy(method: str) -> float:
    accuracy: float = TRUTH["tables"]["results"][method]["2"]["per_seed"][0]
    return accuracy


def test_the_method_and_a_baseline_measure_what_the_reference_does(tmp_path: Path) -> None:
    shutil.copytree(SHOWN, tmp_path / "repository")
    found = measured(tmp_path / "repository", tmp_path / "results", KILN, "Label spreading", NEAREST)
    for method in (KILN, "Label spreading"):
        assert found[method] == pytest.approx(true_accuracy(method), abs=0.15), method
    assert abs(found[NEAREST] - true_accuracy(NEAREST)) > 5, (
        "the paper does not say in which space it measures distances"
    )


def test_the_reading_that_diagnosis_found_is_the_one_of_the_reference(tmp_path: Path) -> None:
    recorded = sorted((EXAMPLE / "recorded" / "variant").glob("*.md"))[0].read_text(encoding="utf-8")
    files = apply(read_files(SHOWN), SearchReplace().read(recorded))
    for file in files:
        path = tmp_path / "repository" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
    found = measured(tmp_path / "repository", tmp_path / "results", NEAREST)
    assert found[NEAREST] == pytest.approx(true_accuracy(NEAREST), abs=0.3)
