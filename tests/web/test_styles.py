"""The styles of one view are not those of another: all style sheets are on every page."""

import re
from pathlib import Path

import papercoder

PACKAGE = Path(papercoder.__file__).parent
STATIC = PACKAGE / "web" / "static"
SHARED = {"page", "read"}
"""Style sheets of the layout and of reports; each of the others belongs to one view."""


def styled(sheet: Path) -> set[str]:
    """Classes that a style sheet styles wherever they stand."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = [part.strip() for group in re.findall(r"([^{}]+)\{", text) for part in group.split(",")]
    return {found[1] for selector in selectors if (found := re.fullmatch(r"\.([\w-]+)", selector))}


def named(*folders: str) -> set[str]:
    """Classes that templates name."""
    templates = (path for folder in folders for path in (PACKAGE / folder).rglob("*.html"))
    return {
        name
        for path in templates
        for names in re.findall(r'class="([^"{]*)', path.read_text(encoding="utf-8"))
        for name in names.split()
    }


def test_each_view_styles_its_own() -> None:
    sheets = {path.stem: styled(path) for path in sorted(STATIC.glob("*.css"))}
    assert sheets["live"] >= {"stages", "run-log"}
    for name, classes in sheets.items():
        others = set().union(*(sheets[other] for other in sheets if other != name))
        assert classes & others == set(), name


def test_what_a_view_styles_is_in_no_report() -> None:
    reports = named("report", "evaluation/templates", "bench")
    assert {"step", "controls"} <= reports
    for path in sorted(STATIC.glob("*.css")):
        if path.stem not in SHARED:
            assert styled(path) & reports == set(), path.name
