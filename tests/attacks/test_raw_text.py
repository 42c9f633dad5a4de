"""Attacks on readers of terminals, pages and Markdown: nothing from a paper or a repository reaches them raw."""

import ast
import io
import json
import logging
import sys
import threading
from pathlib import Path

import pytest
from nicegui import Client
from nicegui.page import page
from rich.live import Live
from rich.table import Table

import papercoder
from papercoder.artifacts import Paper, Paragraph, Section
from papercoder.artifacts.coding import CheckReport, error
from papercoder.cli import main
from papercoder.cli.options import echo
from papercoder.console.output import PlainConsole
from papercoder.console.repositories import show_check
from papercoder.operations.export import export
from papercoder.text.characters import is_hidden, visible
from papercoder.web.server.layout import Label, Link
from tests.reproduction.runs import write_run

SOURCE = Path(papercoder.__file__).parent
ATTACKS = {
    "colour": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;https://example.org\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x9d52;c;cm0gLXJm\x9c",
    "overwrite": "failed\rpassed",
    "erase": "failed\x08\x08\x08\x08\x08\x08passed",
    "direction": "access\u202egnp.exe",
    "isolate": "a\u2066b\u2069c",
    "zero width": "pass\u200bword",
    "tag": "a\U000e0041b",
    "surrogate": "a\udcffb",
    "line separator": "a\u2028b",
}


def hidden(text: str) -> list[str]:
    return [character for character in text if is_hidden(character)]


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_hidden_characters_are_shown_by_their_numbers(text: str) -> None:
    shown = visible(text)
    assert not hidden(shown)
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text
    assert visible(shown) == shown


def test_the_readme_of_an_export_has_no_raw_names_and_titles(tmp_path: Path) -> None:
    run, name = tmp_path / "run", "<img src=x onerror=alert(1)>.py"
    words = "the annealed prototypes of every group meet when the graph has cooled down"
    sections = (Section(anchor="1", level=1, title="S", blocks=(Paragraph(anchor="1¶1", text=words),)),)
    paper = Paper(title="<b>access\u202egnp.exe</b>", abstract="A.", sections=sections, source="markdown")
    write_run(run, {name: f"{' = '.join(words.split())} = 1\n"})
    (run / "paper.json").write_text(paper.model_dump_json(), encoding="utf-8")
    (run / "paper.md").write_text(paper.render(), encoding="utf-8")
    export(run, tmp_path / "out", redact=True)
    readme = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert f"Left out, since their code holds words of the paper: `repo/{name}`." in readme
    assert not hidden(readme)


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_the_console_shows_lines_tables_and_live_displays_without_them(text: str) -> None:
    file = io.StringIO()
    console = PlainConsole(file=file, width=200, force_terminal=False)
    console.print(text, soft_wrap=True)
    table = Table(text)
    table.add_row(text)
    console.print(table)
    with Live(text, console=console):
        console.print(text)
    assert not hidden(file.getvalue())


def test_a_live_display_keeps_its_own_codes() -> None:
    file = io.StringIO()
    console = PlainConsole(file=file, width=200, force_terminal=True)
    with Live("a\x1b[31m", console=console):
        console.print("b")
    assert "\x1b[31m" not in file.getvalue()
    assert "\x1b[" in file.getvalue()


def test_markup_and_emoji_codes_of_the_console_are_plain_text() -> None:
    file = io.StringIO()
    text = "[link=https://example.org]click[/link] [/bold] :skull: https://example.org"
    PlainConsole(file=file, width=200, force_terminal=True).print(text)
    assert file.getvalue() == f"{text}\n"


def test_a_finding_about_a_hostile_file_is_shown_plainly() -> None:
    file = io.StringIO()
    path = "[red]\x1b[2J\u202e.py"
    report = CheckReport(files=1, checks=("syntax",), findings=(error("syntax", path, 1, "\x1b[1A", "[/]"),))
    show_check(report, PlainConsole(file=file, width=200))
    assert not hidden(file.getvalue())
    assert "[red]\\u001b[2J\\u202e.py:1 error \\u001b[1A [/]" in file.getvalue()


def test_json_keeps_its_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps({"title": "".join(ATTACKS.values()) + 'é "\\'}, ensure_ascii=False)
    echo(text)
    printed = capsys.readouterr().out
    assert not hidden(printed)
    assert json.loads(printed) == json.loads(text)


def test_an_unexpected_error_is_printed_without_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(ATTACKS.values())
    for hook in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, hook, None)
    monkeypatch.setattr(threading, "excepthook", None)
    monkeypatch.setattr("papercoder.cli.app", lambda: None)
    main()
    logging.captureWarnings(False)
    sys.excepthook(ValueError, ValueError(text), None)
    thread = threading.Thread(target=lambda: int(text))
    thread.start()
    thread.join()
    printed = capsys.readouterr().err
    assert "ValueError: \\u001b[31mred" in printed
    assert "invalid literal for int()" in printed
    assert not hidden(printed)


def test_the_page_shows_texts_without_them() -> None:
    """`tests/test_style.py` sees to it that the page has no other way."""
    text = "".join(ATTACKS.values())
    with Client(page("/attacked")):
        label, link = Label(text), Link(text, "/")
        assert not hidden(label._text or "") + hidden(link._text or "")
        label.set_text(f"again {text}")
        assert (label._text or "").startswith("again red")
        assert not hidden(label._text or "")


def test_there_is_no_other_way_to_the_terminal() -> None:
    """`console/output.py` and `echo` are the only places that write to a terminal."""
    found = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called in {"Console", "typer.echo", "click.echo"}:
                found.append(f"{path.relative_to(SOURCE)}: {called}")
            if isinstance(node, ast.ImportFrom) and node.module == "rich.markup":
                found.append(f"{path.relative_to(SOURCE)}: rich.markup")
    assert found == ["cli/options.py: typer.echo"]
