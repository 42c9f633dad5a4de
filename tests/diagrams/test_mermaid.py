"""Mermaid itself parses and renders; the sources are the kinds that models write."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.diagrams import mermaid
from papercoder.diagrams.mermaid import InvalidSvgError, Kind, clean, render, submit, syntax_problem, to_markup
from tests.diagrams.shapes import parsed, tags, texts
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


PAYLOAD = "<script>alert(1)</script><img src=x onerror=alert(1)><b onclick='x()'>bold</b>"
HOSTILE = {
    "labels with HTML": f'classDiagram\nclass A["{PAYLOAD}"]\nA --> B : {PAYLOAD}\nA : +field {PAYLOAD}',
    "click": 'classDiagram\nclass A\nclick A href "javascript:alert(1)" "tip"\nclass B\nclick B call alert(1)',
    "flowchart click": 'flowchart LR\na["<b>x</b>"] --> b\nclick a href "javascript:alert(1)" _blank\nclick b "https://e.x/"',
    "links": "sequenceDiagram\nparticipant A\nlink A: Home @ https://evil.example\nA->>A: go",
    "message": f"sequenceDiagram\nparticipant A as {PAYLOAD}\nA->>A: {PAYLOAD}\nNote over A: {PAYLOAD}",
    "style": "classDiagram\nclass A\nstyle A fill:url(https://evil.example/x),stroke:#f00\n"
    "classDef red fill:#f00,background:url(https://evil.example/y)\ncssClass A red",
    "init": "%%{init: {'themeCSS': '* { background: url(https://evil.example/) }', 'securityLevel': 'loose', "
    "'htmlLabels': false}}%%\nclassDiagram\nclass A",
    "front matter": "---\nconfig:\n  securityLevel: loose\n  themeCSS: '* { display: none }'\n---\n"
    "classDiagram\nclass A",
    "image": 'flowchart LR\na@{ img: "https://evil.example/x.png", label: "x" }\na --> b["fa:fa-car car"]',
    "markdown": 'flowchart LR\na["`**bold** [link](javascript:alert(1))`"] --> b',
    "formula": 'flowchart LR\na["$$x^2$$"] --> b',
}
SHAPES = {"svg", "title", "desc", "style", "g", "defs", "marker"}
SHAPES |= {"path", "rect", "circle", "ellipse", "line", "polygon", "polyline", "text", "tspan"}
ATTRIBUTES = {"viewBox", "width", "height", "style", "class", "id", "role", "aria-label", "marker-start", "marker-end"}


def markup(source: str) -> str:
    return to_markup(render(source).svg, "A diagram")


def assert_harmless(svg: str) -> None:
    assert tags(svg) <= SHAPES
    root = parsed(svg)
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not str(name).startswith(("on", "{", "href", "src"))
            assert not re.search(r"javascript|https?:|url\((?!#m\w{8}-)", str(value))
            assert element is root or name != "style"
    assert len(list(root.iter("{http://www.w3.org/2000/svg}style"))) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sources_become_shapes_and_text(name: str) -> None:
    rendering = render(HOSTILE[name])
    assert rendering.svg or rendering.syntax_error
    if rendering.svg:
        assert_harmless(to_markup(rendering.svg, PAYLOAD, PAYLOAD))


def test_html_in_a_label_is_dropped_and_its_words_stay() -> None:
    svg = markup('classDiagram\nclass A["<b>bold</b> words"]')
    assert "bold words" in " ".join(texts(svg))


def test_labels_keep_their_words() -> None:
    words = " ".join(texts(markup(CLASSES)))
    for expected in (
        "A printed name",
        "+train(data: Dataset, steps: int)",
        "«abstract»",
        "builds",
        "1..*",
        "three layers",
    ):
        assert expected in words
    words = " ".join(texts(markup(SEQUENCE)))
    for expected in ("User", "train(data)", "[every step]", "loss", "and rate", "results.json"):
        assert expected in words


def test_abstract_and_static_members_are_marked() -> None:
    svg = markup(CLASSES)
    assert re.search(r'class="m-italic"[^>]*><tspan[^>]*>\+forward', svg)
    assert re.search(r'class="m-underline"[^>]*><tspan[^>]*>\+load', svg)


def test_a_long_label_is_wrapped() -> None:
    label = "a label that is so long that Mermaid gives it several lines, since it is wider than two hundred pixels"
    (wrapped,) = [
        text
        for text in parsed(markup(f"classDiagram\nA --> B : {label}")).iter("{http://www.w3.org/2000/svg}text")
        if "so long" in "".join(text.itertext())
    ]
    assert len(wrapped) > 2
    assert " ".join("".join(line.itertext()) for line in wrapped) == label


def test_ids_of_two_diagrams_differ() -> None:
    found = [set(re.findall(r'\bid="([^"]+)"', markup(source))) for source in (CLASSES, SEQUENCE)]
    assert found[0]
    assert not found[0] & found[1]


def test_pointers_lead_to_markers_of_the_same_diagram() -> None:
    svg = markup(CLASSES)
    pointers = set(re.findall(r"url\(#([^)]+)\)", svg))
    assert pointers
    assert pointers <= set(re.findall(r'\bid="([^"]+)"', svg))


def test_a_diagram_has_a_name_and_a_description() -> None:
    svg = markup("classDiagram\nclass Trainer")
    assert 'role="img" aria-label="A diagram"' in svg
    assert "<desc>Trainer</desc>" in svg


@pytest.mark.parametrize(
    ("inside", "kept"),
    [
        ("<script>alert(1)</script>", ""),
        ("<style>* { display: none }</style>", ""),
        ('<rect width="1" onload="alert(1)" fill="url(https://e.x)" style="fill: red"/>', '<rect width="1"/>'),
        ('<rect width="1" fill="none"/>', '<rect width="1" fill="none"/>'),
        ('<a href="javascript:alert(1)"><rect width="1"/></a>', '<g><rect width="1"/></g>'),
        ('<use href="https://e.x/#a"/><image href="data:image/png,x"/>', ""),
        ('<path d="M0 0L1 1" marker-end="url(https://e.x/#a)"/>', '<path d="M0 0L1 1"/>'),
        ('<path d="M0 0;alert(1)"/>', "<path/>"),
        ('<g transform="translate(1, 2)"/>', '<g transform="translate(1, 2)"/>'),
        ('<g transform="url(x)" class="a b&quot;"/>', '<g class="m-a"/>'),
        ('<text x="1"><tspan>a</tspan> b<a href="x">c</a></text>', '<text x="1"><tspan>a</tspan> b</text>'),
        ("<animate/><set attributeName='href' to='javascript:alert(1)'/><filter/><foreignObject/>", ""),
        ('<g display="none"><rect/></g>', ""),
        (
            '<foreignObject width="NaN" height="auto"><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
            None,
        ),
        ('<foreignObject width="10" height="20"><iframe src="x">frame</iframe></foreignObject>', None),
    ],
)
def test_only_listed_elements_and_attributes_stay(inside: str, kept: str | None) -> None:
    svg = to_markup(clean(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{inside}</svg>'), "x")
    assert_harmless(svg)
    if kept is not None:
        assert svg.endswith(f"</style>{kept}</svg>")


@pytest.mark.parametrize(
    "svg",
    [
        "",
        "<svg>",
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 0"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 nan 9"/>',
        "\ud800",
    ],
)
def test_what_is_no_drawing_is_refused(svg: str) -> None:
    with pytest.raises(InvalidSvgError):
        clean(svg)


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    svg = to_markup(
        clean(f'{bomb}<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>&b;</text></svg>'), "x"
    )
    assert "aaaa" not in svg


@given(st.text(st.sampled_from("<>&\"'/=:;#%{}()[]`\\ \naA1$*~\u202e\x00"), max_size=80))
def test_any_text_in_a_label_stays_text(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("\x00", "")
    inside = (
        f'<foreignObject width="9" height="20"><p xmlns="http://www.w3.org/1999/xhtml">{escaped}</p></foreignObject>'
    )
    assert_harmless(to_markup(clean(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{inside}</svg>'), text))
