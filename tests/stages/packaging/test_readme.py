"""The files that describe a repository."""

import tomllib
from dataclasses import replace

import pytest
import yaml

from papercoder.artifacts import DataSources, OverallPlan, Requirements, SourceFile, Traceability
from papercoder.repository.traceability import trace
from papercoder.stages.packaging import bare_readme, documents
from tests.datasets.servers import source
from tests.scripted import CODE, DESIGN
from tests.stages.packaging.test_equipment import BARE
from tests.support import PAPER, PLAN, REQUIREMENTS, requirement


def texts(requirements: Requirements = REQUIREMENTS, title: str = PAPER.title) -> dict[str, str]:
    of = replace(DESIGN, requirements=requirements)
    traced = trace(of.requirements, of.architecture, CODE)
    paper = PAPER.model_copy(update={"title": title})
    return {file.path: file.text for file in documents(paper, of, traced)}


def test_the_readme_says_how_to_run_it_and_what_is_open() -> None:
    assumed = requirement("R3", statement="Five seeds.", status="assumed", alternatives=("three",))
    text = texts(Requirements(items=(*REQUIREMENTS.items, assumed)))["README.md"]
    for words in (
        f"# {PAPER.title}",
        PLAN.summary,
        "./reproduce.sh --smoke",
        "python -m pytest tests",
        "- `tinyfit/model.py`: Holds model.",
        "- R3: Five seeds. (alternatives: three)",
        "- `seed` is 0 (alternatives: 1)",
        "Without an owner: R3.",
    ):
        assert words in text


def test_the_readme_says_how_to_get_the_data() -> None:
    sources = (
        source(name="dots", licence="MIT"),
        source(name="net", kind="hf_model", id="someone/net", revision="v2"),
        source(name="labels", kind="url", id="https://example.org/labels.zip"),
        source(name="survey", kind="private", id="", fallback_details="Ask the authors."),
        source(name="iris", kind="package", id="sklearn.datasets.load_iris"),
    )
    (text, *_) = documents(PAPER, replace(DESIGN, data=DataSources(items=sources)), Traceability(traces=()))
    assert text.text.partition("## Data\n")[2].partition("\n## ")[0].splitlines()[-4:] == [
        "- `data/dots`: `hf download someone/dots --repo-type dataset --local-dir data/dots` (licence: MIT)",
        "- `data/net`: `hf download someone/net --revision v2 --local-dir data/net`",
        "- `data/labels`: `https://example.org/labels.zip`, unpacked if it is an archive",
        "- `data/survey`: not public. Ask the authors.",
    ]
    assert "## Data" not in texts()["README.md"]


def test_a_readme_without_requirements_says_so() -> None:
    written = texts(Requirements(items=()))
    assert list(written) == ["README.md", "Dockerfile", "pyproject.toml", "CITATION.cff"]
    assert "Requirements were not extracted in this profile." in written["README.md"]
    assert "TRACEABILITY" not in written["README.md"]


@pytest.mark.parametrize("title", [PAPER.title, 'A "quoted" title: with \\ and ümlauts'])
def test_package_and_citation_are_valid(title: str) -> None:
    written = texts(title=title)
    project = tomllib.loads(written["pyproject.toml"])
    assert (project["project"]["name"], project["tool"]["setuptools"]["py-modules"]) == ("tinyfit", ["trials"])
    assert title in project["project"]["description"]
    assert yaml.safe_load(written["CITATION.cff"])["preferred-citation"]["title"] == title


def test_authors_and_address_reach_citation_and_readme() -> None:
    paper = PAPER.model_copy(update={"authors": ("Ada Lovelace",), "address": "https://arxiv.org/abs/2504.17192"})
    written = {file.path: file.text for file in documents(paper, DESIGN, Traceability(traces=()))}
    cited = yaml.safe_load(written["CITATION.cff"])
    assert cited["authors"] == cited["preferred-citation"]["authors"] == [{"name": "Ada Lovelace"}]
    assert cited["url"] == cited["preferred-citation"]["url"] == paper.address
    assert "The paper: Ada Lovelace. <https://arxiv.org/abs/2504.17192>" in written["README.md"]


@pytest.mark.parametrize("plan", [None, PLAN])
def test_the_readme_of_bare_code_says_what_is_known(plan: OverallPlan | None) -> None:
    text = bare_readme(PAPER, plan, (*BARE, SourceFile(path="model.py", text="def f(:\n"))).text
    for words in (
        f"# {PAPER.title}",
        "./reproduce.sh --smoke",
        "- `main.py`: Writes what it was given.\n- `data/list.yaml`\n- `model.py`\n",
        "Requirements were not extracted in this profile. This profile neither reviews the code nor runs it.",
    ):
        assert words in text
    assert (PLAN.summary in text) == (plan is not None)
    assert "config.yaml" not in text
    assert "TRACEABILITY" not in text


def test_the_traceability_is_for_people_and_machines() -> None:
    written = texts()
    assert "[tinyfit/model.py:2](tinyfit/model.py#L2)" in written["TRACEABILITY.md"]
    assert Traceability.model_validate_json(written["TRACEABILITY.json"]).unmarked == ()
