"""Extensions in profiles of Chromium's family: planted ones, and one that Chromium itself made."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Home = Callable[[dict[str, Any]], str]
Ask = Callable[..., list[dict[str, Any]]]

CHROME = ".config/google-chrome"
ID = "a" * 32
KEY = base64.b64encode(b"a public key").decode()
MANIFEST = {
    "manifest_version": 2,
    "name": "__MSG_appName__",
    "version": "1.10",
    "description": 'Counts "sheep"',
    "default_locale": "en",
    "author": "Ada",
    "update_url": "https://example.org/update",
    "permissions": ["tabs", "https://*/*", {"usbDevices": [1]}],
    "optional_permissions": [],
    "background": {"persistent": True},
    "key": KEY,
    "content_scripts": [
        {"matches": ["<all_urls>", "file:///*"], "js": ["a.js", "b.js"]},
        {"matches": ["https://example.org/"], "css": ["c.css"]},
    ],
}
PREFERENCES = {
    "profile": {"name": "Work"},
    "extensions": {
        "settings": {
            ID: {
                "path": f"{ID}/1.10_0",
                "from_webstore": True,
                "state": 1,
                "install_time": "13300000000000000",
            }
        }
    },
}


def profile(
    folder: str = f"{CHROME}/Default", manifest: Any = MANIFEST, preferences: Any = PREFERENCES
) -> dict[str, Any]:
    return {
        f"{folder}/Preferences": preferences,
        f"{folder}/Secure Preferences": {},
        f"{folder}/Extensions/{ID}/1.10_0/manifest.json": manifest,
        f"{folder}/Extensions/{ID}/1.10_0/_locales/en/messages.json": {"APPNAME": {"message": "Sheep"}},
    }


def identifier(key: bytes) -> str:
    """What Chromium makes of a public key, said in another way than the table does."""
    return "".join(chr(97 + (byte >> 4)) + chr(97 + (byte & 15)) for byte in hashlib.sha256(key).digest()[:16])


def test_an_extension_is_told_in_full(home: Home, ask: Ask) -> None:
    root = home(profile())
    hidden = "permissions_json, optional_permissions_json, manifest_json, key, locale"
    [row] = ask(f"SELECT *, {hidden} FROM chrome_extensions", root)
    manifest = json.loads(row.pop("manifest_json"))
    assert manifest["manifest_version"] == "2"
    assert manifest["background"] == {"persistent": "true"}
    assert row == {
        "browser_type": "chrome",
        "uid": 1000,
        "name": "Sheep",
        "profile": "Work",
        "profile_path": f"/home/ada/{CHROME}/Default",
        "referenced_identifier": ID,
        "identifier": identifier(b"a public key"),
        "version": "1.10",
        "description": 'Counts "sheep"',
        "default_locale": "en",
        "current_locale": "",
        "update_url": "https://example.org/update",
        "author": "Ada",
        "persistent": 1,
        "path": f"/home/ada/{CHROME}/Default/Extensions/{ID}/1.10_0",
        "permissions": "tabs, https://*/*, ",
        "permissions_json": '["tabs","https://*/*",{"usbDevices":["1"]}]',
        "optional_permissions": "",
        "optional_permissions_json": "[]",
        "manifest_hash": hashlib.sha256(json.dumps(MANIFEST).encode()).hexdigest(),
        "referenced": 1,
        "from_webstore": "true",
        "state": "1",
        "install_time": "13300000000000000",
        "install_timestamp": 1655526400,
        "key": KEY,
        "locale": "en",
    }


def test_content_scripts_are_pairs_of_scripts_and_pages(home: Home, ask: Ask) -> None:
    rows = ask("SELECT * FROM chrome_extension_content_scripts", home(profile()))
    assert [(row["match"], row["script"]) for row in rows] == [
        ("<all_urls>", "a.js"),
        ("<all_urls>", "b.js"),
        ("file:///*", "a.js"),
        ("file:///*", "b.js"),
    ]
    assert {row["identifier"] for row in rows} == {identifier(b"a public key")}
    assert {(row["version"], row["referenced"], row["uid"]) for row in rows} == {("1.10", 1, 1000)}


def test_a_manifest_of_billions_of_pairs_is_cut(home: Home, ask: Ask) -> None:
    manifest = {"content_scripts": [{"matches": ["m"] * 1000, "js": ["j"] * 1000}]}
    [row] = ask("SELECT count(*) AS n FROM chrome_extension_content_scripts", home(profile(manifest=manifest)))
    assert row == {"n": 50_000}


def test_what_the_preferences_do_not_name_comes_first_and_is_not_referenced(home: Home, ask: Ask) -> None:
    files = profile()
    files[f"{CHROME}/Default/Extensions/zzz/2/manifest.json"] = {"name": "left behind", "version": "2"}
    rows = ask("SELECT name, referenced, referenced_identifier, state, identifier FROM chrome_extensions", home(files))
    assert [tuple(row.values()) for row in rows] == [
        ("left behind", 0, "", "", ""),
        ("Sheep", 1, ID, "1", identifier(b"a public key")),
    ]


def test_an_extension_from_elsewhere_is_found_by_its_path(home: Home, ask: Ask) -> None:
    preferences = {"profile": {"name": "P"}, "extensions": {"settings": {ID: {"path": "/home/ada/src/mine"}}}}
    files = profile(preferences=preferences)
    files["src/mine/manifest.json"] = {"name": "unpacked", "version": "0"}
    rows = ask("SELECT name, path, referenced FROM chrome_extensions WHERE referenced", home(files))
    assert rows == [{"name": "unpacked", "path": "/home/ada/src/mine", "referenced": 1}]


@pytest.mark.parametrize(
    ("folder", "browser"),
    [
        (".config/google-chrome-beta/Profile 1", "chrome_beta"),
        (".config/google-chrome-unstable/Default", "chrome_dev"),
        (".config/BraveSoftware/Brave-Browser/Default", "brave"),
        (".var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser-Nightly/Default", "brave_nightly"),
        ("snap/chromium/common/chromium/Default", "chromium"),
        (".var/app/org.chromium.Chromium/config/chromium/Default", "chromium"),
        (".config/yandex-browser-beta/Default", "yandex"),
        (".config/microsoft-edge/Default", "edge"),
        (".config/vivaldi/Default", "vivaldi"),
        (".config/opera", "opera"),
    ],
)
def test_every_browser_has_its_place(home: Home, ask: Ask, folder: str, browser: str) -> None:
    rows = ask("SELECT browser_type, profile_path FROM chrome_extensions", home(profile(folder)))
    assert rows == [{"browser_type": browser, "profile_path": f"/home/ada/{folder}"}]


def test_opera_has_settings_of_its_own_and_no_name(home: Home, ask: Ask) -> None:
    preferences = {"extensions": {"opsettings": {ID: {"path": f"{ID}/1.10_0", "state": 0}}}}
    rows = ask("SELECT profile, state FROM chrome_extensions", home(profile(".config/opera", preferences=preferences)))
    assert rows == [{"profile": "", "state": "0"}]


def test_secure_preferences_alone_will_do(home: Home, ask: Ask) -> None:
    files = profile()
    files[f"{CHROME}/Default/Secure Preferences"] = files.pop(f"{CHROME}/Default/Preferences")
    assert ask("SELECT profile, state FROM chrome_extensions", home(files)) == [{"profile": "Work", "state": "1"}]


def test_a_manifest_may_hold_comments(home: Home, ask: Ask) -> None:
    manifest = '\ufeff// ours\n{"name": "a // b /* c */", /* d\n*/ "version": "1" // "\n}'
    rows = ask("SELECT name, version FROM chrome_extensions", home(profile(manifest=manifest)))
    assert rows == [{"name": "a // b /* c */", "version": "1"}]


def test_a_bad_manifest_is_named_and_takes_no_other_along(home: Home, ask: Ask) -> None:
    files = profile()
    files[f"{CHROME}/Default/Extensions/bad/1/manifest.json"] = "{"
    said: list[str] = []
    rows = ask("SELECT name FROM chrome_extensions", home(files), warn=lambda *words: said.append(" ".join(words)))
    assert rows == [{"name": "Sheep"}]
    assert any("bad/1/manifest.json" in text for text in said)


@pytest.mark.parametrize("locale", ["../../../../../../../../etc", "en/../..", ".", "nowhere"])
def test_messages_are_looked_for_in_the_extension_only(home: Home, ask: Ask, locale: str) -> None:
    files = profile(manifest={**MANIFEST, "default_locale": locale})
    assert ask("SELECT name FROM chrome_extensions", home(files)) == [{"name": "__MSG_appName__"}]


def test_a_link_to_the_outside_of_a_root_leads_nowhere(home: Home, ask: Ask, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "manifest.json").write_text('{"name": "secret"}')
    root = home(profile())
    (Path(root) / f"home/ada/{CHROME}/Default/Extensions/x").mkdir()
    (Path(root) / f"home/ada/{CHROME}/Default/Extensions/x/1").symlink_to(outside)
    assert ask("SELECT name FROM chrome_extensions", root) == [{"name": "Sheep"}]


def test_another_user_is_left_out(home: Home, ask: Ask) -> None:
    assert ask("SELECT name FROM chrome_extensions WHERE uid = 7", home(profile())) == []
    assert len(ask("SELECT name FROM users CROSS JOIN chrome_extensions USING (uid)", home(profile()))) == 1


NAMES = [*MANIFEST, "settings", "extensions", "profile", "path", "matches", "js"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    SCALARS | st.sampled_from(["__MSG_a__", "\0", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=20,
)
HOSTILE = [b"[" * 100_000, b'{"a":' * 50_000, b"9" * 9000, b'"\\ud800"', b"/*" * 9000]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, JSON)
def test_whatever_the_documents_hold_the_tables_answer(home: Home, ask: Ask, one: Any, other: Any) -> None:
    known = {"x": one, ID: {"path": f"{ID}/1.10_0", "state": other}}
    manifest = {**MANIFEST, "name": one, "permissions": other, "content_scripts": [one, other]}
    root = home(profile(manifest=manifest, preferences={"profile": one, "extensions": {"settings": known}}))
    assert len(ask("SELECT *, manifest_json FROM chrome_extensions", root)) == 1
    ask("SELECT * FROM chrome_extension_content_scripts", root)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.sampled_from(HOSTILE))
def test_whatever_the_bytes_are_the_tables_answer(home: Home, ask: Ask, data: bytes) -> None:
    for place in (f"{CHROME}/Default/Preferences", f"{CHROME}/Default/Extensions/{ID}/1.10_0/manifest.json"):
        ask("SELECT * FROM chrome_extensions", home({**profile(), place: data}))


def test_what_chromium_itself_wrote_is_read(ask: Ask, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    key = rsa.generate_private_key(65537, 2048).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    extension = tmp_path / "home/ada/mine"
    (extension / "_locales/en").mkdir(parents=True)
    manifest = {"manifest_version": 3, "name": "__MSG_n__", "version": "1.2.3", "default_locale": "en",
                "permissions": ["tabs"], "key": base64.b64encode(key).decode()}  # fmt: skip
    (extension / "manifest.json").write_text(json.dumps(manifest))
    (extension / "_locales/en/messages.json").write_text('{"n": {"message": "Made for real"}}')
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(f"ada:x:1000:1000:Ada:{tmp_path}/home/ada:/bin/sh\n")
    data = tmp_path / "home/ada/.config/chromium"
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={data}", "--dump-dom",
         "--disable-features=DisableLoadExtensionCommandLineSwitch", f"--load-extension={extension}", "about:blank"],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    (tmp_path / str(tmp_path).lstrip("/")).parent.mkdir(parents=True)
    (tmp_path / str(tmp_path).lstrip("/")).symlink_to("/")  # the paths in the preferences are this machine's
    rows = ask("SELECT * FROM chrome_extensions WHERE path LIKE '%/mine'", str(tmp_path))
    if not rows and "mine" not in (data / "Default/Preferences").read_text():
        pytest.skip("this chromium takes no extension from its command line")
    [row] = rows
    assert (row["browser_type"], row["name"], row["version"]) == ("chromium", "Made for real", "1.2.3")
    assert row["identifier"] == row["referenced_identifier"] == identifier(key)
    assert row["install_timestamp"] > 1_700_000_000
    assert (row["from_webstore"], row["referenced"]) == ("false", 1)
