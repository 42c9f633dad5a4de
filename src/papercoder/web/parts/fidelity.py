"""What was read of a paper, and what may be wrong with it."""

from collections.abc import Mapping

from nicegui import ui

from papercoder.artifacts import Loss
from papercoder.paper.fidelity import Check, Fidelity
from papercoder.report.formatting import plural
from papercoder.web.server import layout as frame
from papercoder.web.server.layout import Label

_COUNTS = ("equations", "tables", "algorithms", "figures", "references", "words", "tokens", "numbers")

OPEN = 4
"""Suspicions that are shown at once; the others are behind a summary."""


def draw(report: Fidelity, pictures: Mapping[str, str], texts: Mapping[str, str]) -> None:
    """Title, counts, suspicions with pictures of their places, checks and headings.

    Args:
        report: what was read.
        pictures: anchor -> what is printed there, as a data URI.
        texts: anchor -> what was read there.
    """
    with ui.element("div").classes("card fidelity").mark("fidelity"):
        frame.heading(report.title or "(no title)", 3).classes("title")
        with ui.element("dl").classes("tiles"):
            for name in _COUNTS:
                _tile(name, getattr(report, name))
        placed = [one for one in report.suspicions if one.anchor in pictures]
        for message in dict.fromkeys(one.message for one in report.suspicions if one.anchor not in pictures):
            Label(message).classes("remark")
        for loss in placed[:OPEN]:
            _compared(loss, pictures[loss.anchor], texts.get(loss.anchor, ""))
        if len(placed) > OPEN:
            with _details(f"{plural(len(placed) - OPEN, 'more place')} that may have been read wrong"):
                for loss in placed[OPEN:]:
                    _compared(loss, pictures[loss.anchor], texts.get(loss.anchor, ""))
        if report.verdict:
            Label(f"✓ {report.verdict}").classes("fine")
        _checks(report.checks)
        _outline(report)
        if report.files:
            _files(report)


def _compared(loss: Loss, picture: str, text: str) -> None:
    """What is printed above what was read."""
    with ui.element("figure").classes("compared"):
        with ui.element("figcaption"):
            Label(loss.message)
        ui.element("img").props.update({"src": picture, "alt": f"{loss.anchor} as printed"})
        with ui.element("pre"):
            Label(text)


def _details(summary: str) -> ui.element:
    details = ui.element("details")
    with details, ui.element("summary"):
        Label(summary)
    return details


def _tile(name: str, count: int) -> None:
    with ui.element("div"):
        with ui.element("dt"):
            Label(name)
        with ui.element("dd"):
            Label(f"{count:,}")


def _checks(checks: tuple[Check, ...]) -> None:
    made = sum(check.made for check in checks)
    with _details(f"{made} of {plural(len(checks), 'check')} made"), ui.element("ul"):
        for check in checks:
            with ui.element("li"):
                Label(check.name if check.made else f"Not checked: {check.name} ({check.reason}).")


def _outline(report: Fidelity) -> None:
    with _details(plural(len(report.sections), "heading")), ui.element("ol").classes("outline"):
        for section in report.sections:
            with ui.element("li").style(f"margin-left: {max(section.level - 1, 0) * 1.2:.1f}rem"):
                Label(section.anchor).classes("mono soft")
                Label(section.title)


def _files(report: Fidelity) -> None:
    with _details(f"read from {plural(len(report.files), 'file')}"), ui.element("ul"):
        for name in report.files:
            with ui.element("li"):
                Label(name).classes("mono")
