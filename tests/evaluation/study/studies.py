"""A small study of one paper with three repositories, and answers with a known outcome."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from papercoder.artifacts import Study, StudyKey
from papercoder.evaluation.study.answers import KEY
from papercoder.evaluation.study.package import load_manifest, new_study
from tests.support import MARKDOWN

MAKERS = ("PaperCoder", "MetaGPT", "Authors")
CODE = (
    '"""Fits a line."""\n\n\ndef loss(w, x, y):\n    # the mean squared error\n    return ((w * x - y) ** 2).mean()\n'
)
CHECKLIST = {
    "items": [
        {"part": "data", "text": "Draw the points"},
        {"part": "method", "text": "Minimise the loss", "anchor": "eq:1"},
        {"part": "evaluation", "text": "Report the error"},
    ]
}


def write_manifest(folder: Path, files: Mapping[str, Mapping[str, str]] | None = None, **changes: Any) -> Path:
    """A manifest with a repository for each maker; `files`: maker -> path -> text of further files."""
    for maker in MAKERS:
        for path, text in {
            "tinyfit/model.py": CODE,
            "README.md": "# TinyFit\n",
            **(files or {}).get(maker, {}),
        }.items():
            place = folder / maker.lower() / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    (folder / "paper.md").write_text(MARKDOWN, encoding="utf-8")
    (folder / "checklist.yaml").write_text(yaml.safe_dump(CHECKLIST), encoding="utf-8")
    entry: dict[str, Any] = {
        "id": "tiny",
        "paper": "paper.md",
        "checklist": "checklist.yaml",
        "repositories": [{"maker": maker, "repository": maker.lower()} for maker in MAKERS],
    }
    content = {"title": "Tiny repositories", "contact": "study@example.org", "seed": 1, "papers": [entry], **changes}
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder / "study.yaml"


def make_study(folder: Path, **changes: Any) -> Path:
    """A study below a folder."""
    new_study(load_manifest(write_manifest(folder, **changes)), folder / "study")
    return folder / "study"


def key_of(study: Path) -> StudyKey:
    """The makers behind the neutral names."""
    return StudyKey.model_validate_json((study / KEY).read_text(encoding="utf-8"))


def answers(study: Path, person: str, ranks: Mapping[str, int], /, **changes: Any) -> dict[str, Any]:
    """A complete questionnaire: maker -> rank; the better the rank, the better every other answer."""
    parsed = Study.model_validate_json((study / "study.json").read_text(encoding="utf-8"))
    key, given = key_of(study), dict[str, str]()
    paper = parsed.papers[0]
    for name in paper.names:
        rank = ranks[key.maker(paper.id, name)]
        best = rank == 1
        given |= {f"rank.{name}": str(rank), f"faithful.{name}": str(6 - rank), f"use.{name}": "yes" if best else "no"}
        given |= {f"easier.{name}": "much" if best else "no"}
        given |= {f"component-{number}.{name}": "yes" if best else "partly" for number in (1, 2, 3)}
    papers = [{"paper": "tiny", "seconds": 600, "answers": {"relation": "author", **given}}]
    file = {"format": 1, "study": parsed.id, "participant": person, "consent": True, "saved": "2026-12-01T10:00:00Z"}
    return {**file, "papers": papers, **changes}


def send_back(study: Path, name: str, content: Any) -> None:
    """A file in the study's folder of answers."""
    text = content if isinstance(content, str) else json.dumps(content)
    (study / "answers").mkdir(exist_ok=True)
    (study / "answers" / name).write_text(text, encoding="utf-8")
