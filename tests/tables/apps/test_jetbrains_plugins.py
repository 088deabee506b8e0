"""Plugins of JetBrains' products, in JAR files made for the test."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

Home = Callable[[dict[str, Any]], str]
Ask = Callable[..., list[dict[str, Any]]]

PLUGINS = ".local/share/JetBrains"
DESCRIPTOR = """<?xml version="1.0" encoding="UTF-8"?>
<idea-plugin url="https://example.org"><id>org.example</id>
  <name>Counter &amp; more</name><vendor email="a@example.org" url="https://example.org">
    Ada
  </vendor><version>1.3.18</version><depends>com.intellij.modules.platform</depends>
  <extensions><action><name>not this</name></action></extensions></idea-plugin>"""


def jar(descriptor: str | None = DESCRIPTOR, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        if descriptor is not None:
            archive.writestr("META-INF/plugin.xml", descriptor)
        archive.writestr("org/example/Main.class", b"\xca\xfe\xba\xbe" * 100)
    return made.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_plugin_of_one_file(home: Home, ask: Ask, method: int) -> None:
    root = home({f"{PLUGINS}/GoLand2024.1/counter.jar": jar(method=method)})
    assert ask("SELECT * FROM jetbrains_plugins", root) == [
        {
            "product_type": "goland",
            "uid": 1000,
            "name": "Counter & more",
            "version": "1.3.18",
            "vendor": "Ada",
            "path": f"/home/ada/{PLUGINS}/GoLand2024.1/counter.jar",
        }
    ]


def test_a_plugin_with_a_directory_is_described_by_its_likeliest_file(home: Home, ask: Ask) -> None:
    library = f"{PLUGINS}/IntelliJIdea2024.3/counter/lib"
    other = DESCRIPTOR.replace("Counter &amp; more", "a library's")
    root = home(
        {
            f"{library}/counter-1.0.jar": jar(other),
            f"{library}/counter-core.jar": jar(DESCRIPTOR),
            f"{library}/gson-2.8.0.jar": jar(other),
            f"{library}/resources_en.jar": jar(other),
            f"{library}/z.jar": jar(None),
            f"{library}/readme.txt": b"",
        }
    )
    assert ask("SELECT name, path FROM jetbrains_plugins", root) == [
        {"name": "Counter & more", "path": f"/home/ada/{PLUGINS}/IntelliJIdea2024.3/counter"}
    ]


@pytest.mark.parametrize(
    ("folder", "product"),
    [
        ("CLion2024.1", "clion"),
        ("DataGrip2024.1", "datagrip"),
        ("IdeaIC2024.1", "intellij_idea_community_edition"),
        ("PhpStorm2024.1", "phpstorm"),
        ("PyCharm2024.1", "pycharm"),
        ("PyCharmCE2024.1", "pycharm_community_edition"),
        ("RubyMine2024.1", "rubymine"),
        ("RustRover2024.1", "rust_rov"),
        ("WebStorm2024.1", "webstorm"),
    ],
)
def test_every_product_has_its_directory(home: Home, ask: Ask, folder: str, product: str) -> None:
    rows = ask("SELECT product_type FROM jetbrains_plugins", home({f"{PLUGINS}/{folder}/x.jar": jar()}))
    assert rows == [{"product_type": product}]


def test_without_a_version_or_a_descriptor(home: Home, ask: Ask) -> None:
    root = home(
        {
            f"{PLUGINS}/Rider1/a.jar": jar("<idea-plugin><name>N</name></idea-plugin>"),
            f"{PLUGINS}/Rider1/b.jar": jar(None),
            f"{PLUGINS}/consentOptions/x.jar": jar(),
        }
    )
    assert ask("SELECT name, version, vendor FROM jetbrains_plugins", root) == [
        {"name": "N", "version": None, "vendor": None}
    ]


@pytest.mark.parametrize(
    "descriptor",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x><name>&b;</name></x>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x><name>&e;</name></x>',
    ],
)
def test_entities_are_not_expanded(home: Home, ask: Ask, descriptor: str) -> None:
    rows = ask("SELECT name FROM jetbrains_plugins", home({f"{PLUGINS}/Rider1/a.jar": jar(descriptor)}))
    assert rows == [{"name": None}]


def test_a_bomb_is_not_unpacked(home: Home, ask: Ask) -> None:
    bomb = jar("<idea-plugin><name>B</name>" + " " * (64 << 20))
    assert len(bomb) < 1 << 20
    assert ask("SELECT name FROM jetbrains_plugins", home({f"{PLUGINS}/Rider1/a.jar": bomb})) == [{"name": "B"}]
