"""Making a study: what participants get tells no maker, and the key is sealed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import SourceFile, Study
from papercoder.errors import PaperCoderError, SettingsError
from papercoder.evaluation.study.answers import KEY, PAGE
from papercoder.evaluation.study.package import example, load_manifest, new_study
from papercoder.evaluation.study.pages import highlighted, place
from papercoder.evaluation.study.questionnaire import components
from tests.evaluation.study.studies import MAKERS, key_of, make_study, write_manifest
from tests.support import requirement


def test_what_participants_get_names_no_maker(tmp_path: Path) -> None:
    files = {
        "PaperCoder": {"TRACEABILITY.md": "R1", "a.py": "# R1: by PaperCoder\nx = 1\n", ".git/HEAD": "PaperCoder"},
        "MetaGPT": {"LICENSE": "MetaGPT", "weights.bin": "\0\1", "run.ipynb": json.dumps({"cells": []})},
    }
    study = make_study(tmp_path, files=files)
    given = [path for path in study.rglob("*") if path.is_file() and path.name != "key.json"]
    for path in given:
        text = path.read_text(encoding="utf-8").lower()
        assert not [maker for maker in ("papercoder", "metagpt") if maker in text], path
    assert {path.name for path in given} >= {"study.html", "study.json", "model.py"}
    assert "LICENSE" not in {path.name for path in given}
    assert (study / KEY).stat().st_mode & 0o077 == 0


def test_the_key_has_the_digest_that_the_study_carries(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    parsed = Study.model_validate_json((study / "study.json").read_text(encoding="utf-8"))
    assert parsed.key_sha256 == hashlib.sha256((study / KEY).read_bytes()).hexdigest()
    assert {entry.maker for entry in key_of(study).entries} == set(MAKERS)
    assert [each.name for each in parsed.papers[0].repositories] == ["A", "B", "C"]
    assert parsed.papers[0].repositories[0].languages[0].language == "Python"


def test_a_seed_draws_the_order(tmp_path: Path) -> None:
    def order(seed: int, name: str) -> list[str]:
        return [entry.maker for entry in key_of(make_study(tmp_path / name, seed=seed)).entries]

    assert order(1, "one") == order(1, "other")
    assert len({tuple(order(seed, str(seed))) for seed in range(6)}) > 1


TELLING = {"MetaGPT": {"role.py": "import os\nrole = 'metagpt'\n"}}


def test_a_trace_is_named_with_its_line_and_nothing_is_written(tmp_path: Path) -> None:
    manifest = load_manifest(write_manifest(tmp_path, TELLING))
    with pytest.raises(SettingsError, match=r"(?s)Nothing was written.*tiny, MetaGPT: role\.py:2: role = 'metagpt'"):
        new_study(manifest, tmp_path / "study")
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("field", [{"leave_out": ["role.py"]}, {"replace": {"metagpt": "x"}}, {"allow": ["role ="]}])
def test_a_trace_is_resolved_in_the_manifest(tmp_path: Path, field: dict[str, Any]) -> None:
    path = write_manifest(tmp_path, TELLING)
    manifest = load_manifest(path)
    entry = manifest.papers[0]
    repositories = tuple(each.model_copy(update=field) for each in entry.repositories)
    entry = entry.model_copy(update={"repositories": repositories})
    assert new_study(manifest.model_copy(update={"papers": (entry,)}), tmp_path / "study").pages


def test_a_study_is_not_overwritten(tmp_path: Path) -> None:
    make_study(tmp_path)
    with pytest.raises(PaperCoderError, match="already exists"):
        make_study(tmp_path)


def test_several_papers_have_a_page_each(tmp_path: Path) -> None:
    path = write_manifest(tmp_path)
    manifest = load_manifest(path)
    both = (manifest.papers[0], manifest.papers[0].model_copy(update={"id": "other"}))
    made = new_study(manifest.model_copy(update={"papers": both}), tmp_path / "study")
    assert [page.name for page in made.pages] == ["study.html", "tiny.html", "other.html"]
    assert 'data-page="tiny"' not in made.pages[2].read_text(encoding="utf-8")


def test_the_page_holds_untrusted_text_as_text(tmp_path: Path) -> None:
    attack = "</script><script>alert(1)</script><!--\u202e"
    study = make_study(tmp_path, files={"MetaGPT": {"attack.md": attack}}, title="<img src=x onerror=alert(1)>")
    page = (study / PAGE).read_text(encoding="utf-8")
    assert page.count("<script") == 2
    assert "<img" not in page
    assert "\u202e" not in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"papers": []}, "papers: Tuple should have at least 1 item"),
        ({"wait_for": 0}, "wait_for: Input should be greater than or equal to 1"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_in_a_manifest_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_manifest(write_manifest(tmp_path, **changes))


def test_the_example_manifest_is_one(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(example(), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"paper\.pdf does not exist"):
        load_manifest(tmp_path / "study.yaml")


def test_components_are_spread_over_the_parts(tmp_path: Path) -> None:
    kinds = ["data", *["method"] * 8, "training", "experiment", "evaluation"]
    items = [requirement(f"R{number}").model_copy(update={"kind": kind}) for number, kind in enumerate(kinds, 1)]
    path = tmp_path / "requirements.json"
    path.write_text(json.dumps({"items": [item.model_dump(mode="json") for item in items]}), encoding="utf-8")
    parts = [each.part for each in components(path, 6)]
    assert parts == ["data", *["method"] * 3, *["evaluation"] * 2]
    assert len(components(path, 60)) == 12
    assert [each.part for each in components(None, 6)] == ["data", "method", "evaluation"]
    path.write_text("items: [{part: maths, text: x}]", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"requirements.json is no checklist: items\.0\.part"):
        components(path, 6)


def test_code_becomes_tokens() -> None:
    lines = highlighted(SourceFile(path="a.py", text='def f():\n    """Two\n    lines."""\n    return 1  # one\n'))
    assert ["".join(line[1::2]) for line in lines] == ["def f():", '    """Two', '    lines."""', "    return 1  # one"]
    assert lines[0][:2] == ["k", "def"]
    assert lines[3][-2:] == ["c", "# one"]
    assert (place("3.2¶4"), place("eq:5"), place("app:A¶1")) == ("Section 3.2", "Equation 5", "Appendix A")
