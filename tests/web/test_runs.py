"""The list of runs in a browser."""

from playwright.sync_api import Page, expect

from tests.web.conftest import Served


def test_an_empty_folder_says_what_to_do(served: Served, browser: Page) -> None:
    browser.goto(served.url)
    expect(browser.get_by_text("There is no run here yet")).to_be_visible()
