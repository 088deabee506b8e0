"""What a person does with the web interface, on the real stack."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from .conftest import Stack, sign_in


def ask(page: Page, sql: str) -> None:
    """Replace what the editor holds, and run it by key."""
    editor = page.get_by_role("textbox", name="SQL")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(sql)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queries/live/*")


def cells(page: Page) -> list[str]:
    """The texts of the cells on the screen."""
    page.get_by_role("gridcell").first.wait_for()
    return page.get_by_role("gridcell").all_inner_texts()


def test_a_person_signs_in_asks_this_machine_and_sees_its_processes(stack: Stack, browser: Browser) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    sign_in(page, stack)
    page.get_by_role("table").get_by_role("link").first.click()
    page.get_by_role("button", name="Query this host").click()
    ask(page, "SELECT pid, name FROM processes")
    expect(page.get_by_text("1 of 1 host answered")).to_be_visible()
    grid = page.get_by_role("grid", name="Rows")
    expect(grid.get_by_role("columnheader")).to_have_text(["pid", "name"])
    running = sum(name.isdecimal() for name in os.listdir("/proc"))
    rows = int(grid.get_attribute("aria-rowcount") or 0) - 1
    assert abs(rows - running) <= max(20, running // 4)
    assert "1" in cells(page)
    context.close()


def test_a_wrong_password_is_refused_in_words(stack: Stack, browser: Browser) -> None:
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(stack.url)
    page.get_by_label("E-mail address").fill(stack.email)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("This e-mail address and password do not belong together.")
    context.close()


def test_an_answer_is_opened_again_by_its_address(page: Page) -> None:
    page.goto("/query")
    ask(page, f"SELECT pid, parent FROM processes WHERE pid = {os.getpid()}")
    assert cells(page) == [str(os.getpid()), str(os.getppid())]
    page.reload()
    assert cells(page) == [str(os.getpid()), str(os.getppid())]
    expect(page.get_by_role("textbox", name="SQL")).to_contain_text(f"pid = {os.getpid()}")
    page.goto("/query")
    expect(page.get_by_role("region", name="Recent queries").get_by_role("link").first).to_contain_text("pid, parent")


def test_a_mistyped_table_is_pointed_out_and_mended(page: Page) -> None:
    page.goto("/query")
    ask(page, "SELECT name FROM procesess LIMIT 3")
    expect(page.get_by_role("tab", name="Messages")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tabpanel").get_by_role("button", name="Use processes").click()
    page.get_by_role("button", name="Run", exact=True).click()
    assert len(cells(page)) == 3


def test_a_click_on_a_cell_filters_and_the_rows_are_exported(page: Page) -> None:
    page.goto("/query")
    ask(page, "SELECT '=1+1' AS formula, username, uid FROM users ORDER BY uid")
    cells(page)
    page.get_by_role("gridcell", name="root", exact=True).click()
    expect(page.get_by_role("button", name="Remove the filter: username is root")).to_be_visible()
    assert cells(page) == ["=1+1", "root", "0"]
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name="CSV").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert list(csv.reader(io.StringIO(text))) == [["formula", "username", "uid"], ["'=1+1", "root", "0"]]


def test_rows_are_read_and_filtered_by_keyboard(page: Page) -> None:
    page.goto("/query")
    ask(page, "SELECT username, uid FROM users ORDER BY uid")
    cells(page)
    page.get_by_role("grid", name="Rows").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    assert cells(page) == ["root", "0"]


def test_the_editor_completes_tables_and_columns(page: Page) -> None:
    page.goto("/query")
    page.get_by_role("textbox", name="SQL").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("SELECT p.resid")
    page.keyboard.press("Control+A")
    page.keyboard.type("SELECT * FROM process_open_f")
    expect(page.get_by_role("option").first).to_have_text("process_open_files")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+A")
    page.keyboard.type("SELECT p.name FROM processes AS p WHERE p.resid")
    expect(page.get_by_role("option").first).to_contain_text("resident_size")


def test_the_palette_and_the_keys_reach_every_page(page: Page) -> None:
    page.goto("/hosts")
    page.get_by_role("table").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find a page, host or table").fill("listening")
    page.get_by_role("option", name="listening_ports").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/query")
    expect(page.get_by_role("textbox", name="SQL")).to_contain_text("SELECT * FROM listening_ports")
    page.keyboard.type("gh")
    page.wait_for_url("**/hosts")
    page.get_by_role("table").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/hosts/*")


def test_the_pages_fetch_nothing_from_elsewhere_and_break_no_policy(stack: Stack, page: Page) -> None:
    fetched: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/hosts")
    page.get_by_role("table").wait_for()
    page.goto("/query")
    ask(page, "SELECT 1 AS one")
    assert cells(page) == ["1"]
    assert complaints == []
    assert [url for url in fetched if not url.startswith((stack.url, "blob:"))] == []
