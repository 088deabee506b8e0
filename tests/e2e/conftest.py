"""The real stack, started once as a newcomer starts it, and a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src/leadline/server/ui/static/index.html"
CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90


@dataclass(frozen=True)
class Stack:
    """A running Leadline: where it is, and how to sign in."""

    url: str
    email: str
    password: str


def lines_of(process: subprocess.Popen[str]) -> Queue[str | None]:
    """The process's output as it comes; None at its end."""
    lines: Queue[str | None] = Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def read_welcome(lines: Queue[str | None]) -> Stack:
    """Wait for the page that `leadline up` shows when everything runs."""
    seen = ""
    while not re.search(r"^ +Data +\S", seen, re.MULTILINE):
        try:
            line = lines.get(timeout=START_SECONDS)
        except Empty:
            line = None
        if line is None:
            pytest.fail(f"leadline up did not start:\n{seen}")
        seen += line
    url = re.search(r"^ +Open +(https://\S+)", seen, re.MULTILINE)
    login = re.search(r"^ +Login +(\S+) +(\S+)$", seen, re.MULTILINE)
    assert url, seen
    assert login, seen
    return Stack(url[1], login[1], login[2])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A server, and this machine enrolled in it."""
    if not STATIC.exists():
        pytest.fail("the web interface is not built: run make ui")
    data = tmp_path_factory.mktemp("leadline") / "data"
    command = [sys.executable, "-m", "leadline", "up", "--data", str(data), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield read_welcome(lines_of(process))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; closed after each module, as Playwright's event loop would disturb the other tests."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("there is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


def sign_in(page: Page, stack: Stack) -> None:
    """Fill in the form as a person does, and wait for the first page."""
    page.goto(stack.url)
    page.get_by_label("E-mail address").fill(stack.email)
    page.get_by_label("Password", exact=True).fill(stack.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Hosts").wait_for()


@pytest.fixture(scope="module")
def session(stack: Stack, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of somebody who signed in; the server limits how often one may."""
    context = browser.new_context(ignore_https_errors=True)
    sign_in(context.new_page(), stack)
    path = tmp_path_factory.mktemp("session") / "state.json"
    context.storage_state(path=path)
    context.close()
    return path


@pytest.fixture
def context(stack: Stack, browser: Browser, session: Path) -> Iterator[BrowserContext]:
    """A signed-in browser of its own for one test."""
    context = browser.new_context(
        ignore_https_errors=True,
        base_url=stack.url,
        storage_state=session,
        viewport={"width": 1440, "height": 900},
    )
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of that browser."""
    return context.new_page()
