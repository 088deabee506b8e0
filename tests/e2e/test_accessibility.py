"""axe finds nothing to complain about, on any page, in light and in dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from .conftest import ROOT, Stack

AXE = ROOT / "ui/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]
RUN = "(rules) => axe.run(document, {resultTypes: ['violations'], runOnly: rules})"


def complaints(page: Page) -> str:
    """What axe finds, one line for each rule and place."""
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(RUN, RULES)
    return "\n".join(
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    )


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    """The colour scheme."""
    return str(request.param)


@pytest.fixture(params=[1440, 400])
def page(request: pytest.FixtureRequest, scheme: str, context: BrowserContext) -> Page:
    """A page of this width and scheme."""
    page = context.new_page()
    page.set_viewport_size({"width": request.param, "height": 850})
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark", reduced_motion="reduce")
    return page


def test_the_sign_in_page_is_accessible(stack: Stack, browser: Browser, scheme: str) -> None:
    context = browser.new_context(ignore_https_errors=True, color_scheme="light" if scheme == "light" else "dark")
    page = context.new_page()
    page.goto(stack.url)
    page.get_by_role("button", name="Sign in").wait_for()
    assert complaints(page) == ""
    context.close()


def test_the_hosts_page_is_accessible(page: Page) -> None:
    page.goto("/hosts")
    page.get_by_role("table").wait_for()
    assert complaints(page) == ""


def test_the_dialog_that_adds_hosts_is_accessible(page: Page) -> None:
    page.goto("/hosts")
    page.get_by_role("button", name="Add hosts").click()
    page.get_by_role("button", name="Show the enroll secret").click()
    page.get_by_role("region", name="Enroll secret").wait_for()
    assert complaints(page) == ""


def test_the_page_of_a_host_is_accessible(page: Page) -> None:
    page.goto("/hosts")
    page.get_by_role("table").get_by_role("link").first.click()
    page.get_by_role("heading", name="Hardware").wait_for()
    assert complaints(page) == ""


def test_a_search_without_a_match_is_accessible(page: Page) -> None:
    page.goto("/hosts?query=no-such-host")
    page.get_by_text("No host matches").wait_for()
    assert complaints(page) == ""


@pytest.mark.parametrize("tab", ["Rows", "Hosts", "Messages"])
def test_the_query_page_is_accessible(page: Page, tab: str) -> None:
    page.goto("/query")
    page.get_by_role("textbox", name="SQL").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("gridcell").first.wait_for()
    page.get_by_role("tab", name=tab).click()
    page.get_by_role("tabpanel").wait_for()
    assert complaints(page) == ""


def test_the_palette_and_the_menus_are_accessible(page: Page) -> None:
    page.goto("/query")
    page.get_by_role("textbox", name="SQL").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find a page, host or table").fill("process")
    page.get_by_role("option").first.wait_for()
    assert complaints(page) == ""
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menu").wait_for()
    assert complaints(page) == ""
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Choose hosts").click()
    page.get_by_role("checkbox", name="All hosts").wait_for()
    assert complaints(page) == ""
