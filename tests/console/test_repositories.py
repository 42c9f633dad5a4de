from io import StringIO

from papercoder.artifacts.coding import CheckReport, Finding
from papercoder.console.output import PlainConsole
from papercoder.console.repositories import show_check


def _shown(report: CheckReport) -> str:
    console = PlainConsole(file=StringIO(), width=80)
    show_check(report, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_findings_have_place_message_and_advice() -> None:
    finding = Finding(
        check="names", severity="error", path="a[0].py", line=3, message="No `x`.", advice="Define it."
    )  # fmt: skip
    text = _shown(CheckReport(files=2, checks=("names",), findings=(finding,)))
    assert "a[0].py:3 error No `x`. Define it. (names)" in text
    assert "1 error in 2 Python files" in text


def test_nothing_found() -> None:
    assert _shown(CheckReport(files=1, checks=("names",))).startswith("no problems found")
