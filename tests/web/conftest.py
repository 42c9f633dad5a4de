"""A real server, started by the command line, and a real browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

import papercoder
from papercoder.web.server.access import Access
from tests.needs import missing

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

TOKEN = "a-token-for-all-tests"

PROGRAM = ("-c", "from papercoder.cli import main; main()")
HELD = ("-m", "tests.web.held")
"""The same with a model that waits for the test."""

NOTED = ("-m", "tests.web.noted")
"""The same, but a reproduction is only noted."""


@dataclass(frozen=True)
class Served:
    """A server of the page."""

    url: str
    """Without the token, and without a slash at the end."""

    root: Path
    """Its runs folder."""

    token: str

    process: "subprocess.Popen[str]"

    @property
    def cookie(self) -> str:
        """The header of a browser that has presented the token."""
        access = Access(self.token)
        return f"{access.cookie}={access.cookie_value}"


def environment(token: str = TOKEN) -> dict[str, str]:
    """The environment of PaperCoder in its own process; without a token, the server makes one."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "NICEGUI_"))}
    here = (Path(papercoder.__file__).parents[1], Path(__file__).parents[2])
    secret = {"PAPERCODER_WEB_TOKEN": token} if token else {}
    return {**ours, **secret, "PYTHONPATH": os.pathsep.join(map(str, here))}


def window(chromium: Browser, width: int = 1400, height: int = 900) -> Page:
    """A new window of a browser that has presented the token."""
    context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    access = Access(TOKEN)
    context.add_cookies([{"name": access.cookie, "value": access.cookie_value, "domain": "127.0.0.1", "path": "/"}])
    return context.new_page()


def until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    for _ in range(600):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("the condition did not hold in time")


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page."""
    without = {"exclude": [[".q-loading-bar"]]}  # Quasar shows it for a moment, without a name
    found = Axe().run(page, context=without).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in {"serious", "critical"}
    ]


@contextmanager
def server(root: Path, *flags: str, program: tuple[str, ...] = PROGRAM, token: str = TOKEN) -> Iterator[Served]:
    """`papercoder web ROOT` on a free port."""
    command = [sys.executable, *program, "web", str(root), "--no-browser", "--port", "0", *flags]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(token), cwd=root
    )
    with process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert " runs at http://" in line, line + process.stdout.read()
            url, _, token = line.split(" runs at ")[1].split()[0].partition("?token=")
            yield Served(url.rstrip("/"), root, unquote(token), process)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=30)
            process.kill()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server of an empty runs folder; a test may add runs."""
    root = tmp_path / "runs"
    root.mkdir()
    with server(root) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, for the tests of one file: Playwright's event loop must end with them."""
    with chromium_started() as browser:
        yield browser


@contextmanager
def chromium_started() -> Iterator[Browser]:
    """The system's Chromium; the test is skipped where there is none."""
    if CHROMIUM is None:
        missing("Chromium", "install it, on Debian with `apt-get install chromium`")
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Page]:
    """A new window; errors of the page's scripts fail the test."""
    page = window(chromium)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(60_000)
    yield page
    page.context.close()
    assert errors == []
