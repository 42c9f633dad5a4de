"""axe-core finds no serious fault on any tab of a run, nor on the list of runs, in light and dark."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.report.folders import bare_folder
from tests.web.conftest import Served, server
from tests.web.sample_runs import handwritten

PAGES = {
    "/": "article.run",
    "/run/tiny": ".next-step",
    "/run/tiny/read?r=R1": ".item.selected",
    "/run/tiny/results": "#claims",
    "/run/tiny/assumptions": "#assumptions",
    "/run/tiny/progress": "#cost",
    "/run/tiny/files": "#architecture",
    "/run/tiny/files?path=repo%2Ffit.py": ".file-text",
}
"""Address -> an element that shows that the page is complete."""


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("runs")
    handwritten(root)
    bare_folder(root / "bare")
    with server(root) as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault(populated: Served, browser: Page, scheme: str) -> None:
    browser.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    found = []
    for address, element in PAGES.items():
        browser.goto(populated.url + address)
        expect(browser.locator(element).first).to_be_visible()
        found += [f"{address}: {text}" for text in serious(browser)]
    assert found == []


def serious(page: Page) -> list[str]:
    """The serious and critical faults of a page, with the first element of each."""
    violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{each['id']} ({len(each['nodes'])}): {each['nodes'][0]['html'][:200]}"
        for each in violations
        if each["impact"] in {"serious", "critical"}
    ]
