import json
from typing import Any

import pytest

from papercoder.artifacts import Paper
from papercoder.errors import PaperError
from papercoder.paper.draft import assemble
from papercoder.paper.s2orc import read_s2orc


def block(text: str, section: str = "Intro", number: str | None = "1", **more: Any) -> dict[str, Any]:
    return {"text": text, "section": section, "sec_num": number, **more}


def paper_of(body: list[dict[str, Any]], **parse: Any) -> Paper:
    document = {"title": "T", "abstract": "Short.", "pdf_parse": {"body_text": body, **parse}}
    return assemble(read_s2orc(json.dumps(document), "the file"), "s2orc")


def test_raw() -> None:
    equation = block("EQUATION", eq_spans=[{"text": "EQUATION", "raw_str": "a = b", "eq_num": "(1)"}])
    paper = paper_of(
        [block("One [1]."), equation, block("Two.", "Sub", "1.1")],
        bib_entries={"BIBREF0": {"title": "A work", "year": 2020, "raw_text": ""}},
        ref_entries={
            "FIGREF0": {"text": "Figure 1: A picture.", "type_str": "figure", "fig_num": "1"},
            "TABREF0": {
                "text": "Scores",
                "type_str": "table",
                "num": 2,
                "content": "<table><tr><td>a</td></tr></table>",
            },
        },
        back_matter=[block("Thanks.", "acknowledgement", None)],
    )
    assert [(s.anchor, s.title) for s in paper.sections] == [
        ("1", "Intro"),
        ("1.1", "Sub"),
        ("figures-and-tables", "Figures and Tables"),
        ("acknowledgement", "acknowledgement"),
    ]
    assert [(e.anchor, e.text) for e in paper.equations] == [("eq:1", "a = b")]
    assert [(t.anchor, t.caption, t.rows) for t in paper.tables] == [("tab:2", "Scores", (("a",),))]
    assert [(f.anchor, f.caption) for f in paper.figures] == [("fig:1", "A picture.")]
    assert [(r.key, r.text) for r in paper.references] == [("BIBREF0", "A work. 2020")]
    assert paper.losses == ()


def test_cleaned_tells_what_is_lost() -> None:
    paper = paper_of([block("One [1, 2]."), block("EQUATION")])
    assert [loss.kind for loss in paper.losses] == ["equations", "missing_references"]


@pytest.mark.parametrize(
    "source", ["{", '{"a": 1}', '{"pdf_parse": {"body_text": "x"}}', "[" * 100_000, '{"pdf_parse": {}}']
)
def test_what_is_no_s2orc(source: str) -> None:
    with pytest.raises(PaperError, match="the file"):
        read_s2orc(source, "the file")
