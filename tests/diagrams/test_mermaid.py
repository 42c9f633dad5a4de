"""Mermaid itself parses and renders; the sources are the kinds that models write."""

import os
from pathlib import Path

import pytest

from papercoder.diagrams import mermaid
from papercoder.diagrams.cleaner import clean
from papercoder.diagrams.mermaid import Kind, render, submit, syntax_problem
from tests.diagrams.sources import CLASSES, SEQUENCE


def test_what_models_write_is_correct() -> None:
    assert syntax_problem(CLASSES, "classDiagram") is None
    assert syntax_problem(SEQUENCE, "sequenceDiagram") is None


@pytest.mark.parametrize(
    ("source", "kind", "problem"),
    [
        (
            "classDiagram\nclass A\n  A => B",
            "classDiagram",
            "the class diagram does not parse at line 3, column 5: `A => B` (unexpected EQUALS)",
        ),
        (
            "%%{init: {'theme': 'dark'}}%%\nclassDiagram\n%% two\nclass Abcdefghijklmnopqrstuvwxyz\n"
            "Abcdefghijklmnopqrstuvwxyz -> B",
            "classDiagram",
            "the class diagram does not parse at line 5, column 31: `Abcdefghijklmnopqrstuvwxyz -> B` "
            "(unexpected ALPHA)",
        ),
        (
            "sequenceDiagram\nloop x",
            "sequenceDiagram",
            "the sequence diagram does not parse at its end, after line 2: `loop x`",
        ),
        (
            "sequenceDiagram\nA->>B: x\nB-->>-A: y",
            "sequenceDiagram",
            "the sequence diagram does not parse: Trying to inactivate an inactive participant (B)",
        ),
        ("", "classDiagram", "the class diagram does not start with `classDiagram`"),
        ("sequenceDiagram\nA->>B: x", "classDiagram", "the class diagram does not start with `classDiagram`"),
        ("classDiagram\nclass A", "sequenceDiagram", "the sequence diagram does not start with `sequenceDiagram`"),
    ],
)
def test_a_syntax_error_names_line_and_column(source: str, kind: Kind, problem: str) -> None:
    assert syntax_problem(source, kind) == problem


def test_control_characters_do_not_reach_the_svg() -> None:
    svg = render(CLASSES.replace("train(", "\x1b[31mtr\x00ain\u202e\ud800(")).svg
    assert "+train(data" in svg
    assert "\x1b" not in svg


def test_a_diagram_is_rendered_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = "classDiagram\nclass RenderedOnce"
    first = render(source)
    (kept,) = (tmp_path / "papercoder" / "diagrams").iterdir()
    assert first.svg == clean(kept.read_text(encoding="utf-8"))
    assert submit(source).done()
    kept.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g/><script/></svg>', encoding="utf-8")
    submit.cache_clear()
    assert render(source).svg.endswith("<g/></svg>")
    submit.cache_clear()


def test_a_damaged_cache_is_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = "classDiagram\nclass Damaged"
    first = render(source)
    (kept,) = (tmp_path / "papercoder" / "diagrams").iterdir()
    kept.write_text("<svg", encoding="utf-8")
    submit.cache_clear()
    assert render(source) == first
    assert kept.read_text(encoding="utf-8") != "<svg"


def test_what_takes_too_long_is_a_failure_and_no_syntax_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    endless = tmp_path / "render_script.py"
    endless.write_text("while True:\n    pass\n", encoding="utf-8")
    monkeypatch.setattr(mermaid, "_SCRIPT", endless)
    monkeypatch.setattr(mermaid, "TIME_LIMIT", 0.2)
    source = "classDiagram\nclass Endless"
    assert render(source).failure == "Mermaid needed more than 0 s"
    assert syntax_problem(source, "classDiagram") is None


def test_a_crash_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "render_script.py"
    broken.write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.setattr(mermaid, "_SCRIPT", broken)
    assert render("classDiagram\nclass Crashes").failure == "Mermaid stopped with exit code 3"


def test_a_cache_that_cannot_be_written_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path / "file"))
    assert render("classDiagram\nclass Uncached").svg
