"""What was read of a paper, and what seems to be missing."""

from nicegui import ui

from papercoder.paper.fidelity import Fidelity
from papercoder.report.words import plural
from papercoder.web.server import layout as frame

_COUNTS = ("equations", "tables", "algorithms", "figures", "references", "words", "tokens", "numbers")


def draw(report: Fidelity) -> None:
    """Title, counts, warnings and the tree of headings."""
    with ui.element("div").classes("card fidelity").mark("fidelity"):
        frame.heading(report.title or "(no title)", 3).classes("title")
        with ui.element("dl").classes("tiles"):
            for name in _COUNTS:
                _tile(name, getattr(report, name))
        for warning in report.warnings:
            ui.label(warning).classes("remark")
        if not report.warnings:
            ui.label("✓ Nothing seems to be missing.").classes("fine")
        _outline(report)
        if report.files:
            _files(report)


def _tile(name: str, count: int) -> None:
    with ui.element("div"):
        with ui.element("dt"):
            ui.label(name)
        with ui.element("dd"):
            ui.label(f"{count:,}")


def _outline(report: Fidelity) -> None:
    with ui.element("details"):
        with ui.element("summary"):
            ui.label(plural(len(report.sections), "heading"))
        with ui.element("ol").classes("outline"):
            for section in report.sections:
                with ui.element("li").style(f"margin-left: {max(section.level - 1, 0) * 1.2:.1f}rem"):
                    ui.label(section.anchor).classes("mono soft")
                    ui.label(section.title)


def _files(report: Fidelity) -> None:
    with ui.element("details"):
        with ui.element("summary"):
            ui.label(f"read from {plural(len(report.files), 'file')}")
        with ui.element("ul"):
            for name in report.files:
                with ui.element("li"):
                    ui.label(name).classes("mono")
