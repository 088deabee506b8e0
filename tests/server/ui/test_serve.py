"""Static files: the page for every path, assets for ever, nothing outside the directory."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from leadline.server.ui.serve import Static


@pytest.fixture
def files(tmp_path: Path) -> Static:
    directory = tmp_path / "static"
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text("<!doctype html>page")
    (directory / "assets" / "app-abc.js").write_text("script")
    (directory / "assets" / "app-abc.js.gz").write_bytes(gzip.compress(b"script"))
    (directory / "assets" / "app-abc.js.br").write_bytes(b"brotli")
    (directory / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    (directory / "link.txt").symlink_to(tmp_path / "secret.txt")
    return Static(str(directory))


def get(files: Static, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(dict(message))

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(files.serve({"path": path, "method": method, "headers": pairs}, send))
    shown = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], shown, sent[1]["body"]


@pytest.mark.parametrize("path", ["/", "/hosts", "/hosts/12", "/queries/live/7"])
def test_every_path_of_the_application_is_the_page(files: Static, path: str) -> None:
    status, headers, body = get(files, path)
    assert (status, body) == (200, b"<!doctype html>page")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"].partition("style-src")[0]
    assert headers["x-content-type-options"] == "nosniff"


def test_assets_are_kept_for_ever_and_sent_packed(files: Static) -> None:
    status, headers, body = get(files, "/assets/app-abc.js", accept_encoding="gzip, br;q=1")
    assert (status, body, headers["content-encoding"]) == (200, b"brotli", "br")
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in headers["cache-control"]
    assert gzip.decompress(get(files, "/assets/app-abc.js", accept_encoding="gzip")[2]) == b"script"
    assert get(files, "/assets/app-abc.js")[2] == b"script"


def test_what_a_browser_has_is_not_sent_again(files: Static) -> None:
    _, headers, _ = get(files, "/")
    status, again, body = get(files, "/", if_none_match=f'W/{headers["etag"]}, "other"')
    assert (status, body, again["etag"]) == (304, b"", headers["etag"])


def test_a_changed_file_is_read_again(files: Static, tmp_path: Path) -> None:
    get(files, "/")
    (tmp_path / "static" / "index.html").write_text("<!doctype html>a newer page")
    assert get(files, "/")[2] == b"<!doctype html>a newer page"


@pytest.mark.parametrize("path", ["/assets/old-def.js", "/assets/", "/nothing.txt", "/favicon.ico"])
def test_a_missing_file_is_not_the_page(files: Static, path: str) -> None:
    assert get(files, path)[0] == 404


@pytest.mark.parametrize("path", ["/../secret.txt", "/assets/../../secret.txt", "//secret.txt", "/link.txt", "/a\x00b"])
def test_nothing_outside_the_directory_is_sent(files: Static, path: str) -> None:
    assert b"secret" not in get(files, path)[2]


def test_only_reading_is_allowed(files: Static) -> None:
    assert get(files, "/", "POST")[0] == 405
    assert get(files, "/favicon.svg", "HEAD")[0] == 200


def test_a_checkout_without_the_built_pages_says_what_to_do(tmp_path: Path) -> None:
    status, _, body = get(Static(str(tmp_path / "missing")), "/")
    assert status == 503
    assert b"make ui" in body
