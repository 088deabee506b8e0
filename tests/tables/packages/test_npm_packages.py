from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import npm

COLUMNS = "name, version, description, author, license, homepage, path, directory, depth"


def package(name: str, **values: object) -> str:
    return json.dumps({"name": name, "version": "1.0.0", **values})


def test_packages_and_those_within_them(answer, tree) -> None:
    modules = "usr/lib/node_modules"
    whole = package(
        "left-pad", description="pads", author={"name": "Ada", "email": "ada@example.org"}, license="WTFPL",
        homepage="https://example.org",
    )  # fmt: skip
    root = tree(
        {
            f"{modules}/left-pad/package.json": whole,
            f"{modules}/@types/node/package.json": package("@types/node", author="Grace <grace@example.org>"),
            f"{modules}/left-pad/node_modules/inner/package.json": package("inner", license={"type": "MIT"}),
            f"{modules}/left-pad/node_modules/inner/node_modules/core/package.json": package("core"),
            f"{modules}/.bin/x/package.json": package("x"),
            f"{modules}/no-package/readme": "",
        }
    )
    assert answer(f"SELECT {COLUMNS} FROM npm_packages ORDER BY depth, path", root) == [
        ("@types/node", "1.0.0", None, "Grace <grace@example.org>", None, None,
         f"/{modules}/@types/node/package.json", "/usr/lib", 0),
        ("left-pad", "1.0.0", "pads", "Ada", "WTFPL", "https://example.org",
         f"/{modules}/left-pad/package.json", "/usr/lib", 0),
        ("inner", "1.0.0", None, None, "MIT", None,
         f"/{modules}/left-pad/node_modules/inner/package.json", "/usr/lib", 1),
        ("core", "1.0.0", None, None, None, None,
         f"/{modules}/left-pad/node_modules/inner/node_modules/core/package.json", "/usr/lib", 2),
    ]  # fmt: skip
    for depth, count in ((0, 2), (1, 3), (-1, 4)):
        assert answer(f"SELECT count(*) FROM npm_packages WHERE max_depth = {depth}", root) == [(count,)]


@pytest.mark.parametrize(
    "place",
    [
        "usr/local/lib",
        "home/ada/.npm-global/lib",
        "home/ada/.nvm/versions/node/v20.1.0/lib",
        "home/ada/.asdf/installs/nodejs/20.1.0/lib",
        "home/ada/.local/share/fnm/node-versions/v20.1.0/installation/lib",
        "home/ada/.local/share/mise/installs/node/20.1.0/lib",
        "home/ada/.volta/tools/image/node/20.1.0/lib",
        "root/.nvm/versions/node/v18.0.0/lib",
        "srv/builder/.nvm/versions/node/v18.0.0/lib",
    ],
)
def test_directories_of_the_system_and_of_users_are_searched(answer, tree, place) -> None:
    root = tree(
        {
            "etc/passwd": "root:x:0:0::/root:/bin/sh\nci:x:998:998::/srv/builder:/bin/sh\n",
            f"{place}/node_modules/npm/package.json": package("npm"),
        }
    )
    assert answer("SELECT name, directory FROM npm_packages", root) == [("npm", f"/{place}")]


def test_a_directory_that_is_named_is_searched(answer, tmp_path) -> None:
    (tmp_path / "node_modules/a").mkdir(parents=True)
    (tmp_path / "node_modules/a/package.json").write_text(package("a"))
    sql = f"SELECT name, directory, max_depth FROM npm_packages WHERE directory IN ('{tmp_path}', '/nowhere')"
    assert answer(sql) == [("a", str(tmp_path), 100)]


def test_links_are_followed_but_not_in_circles(answer, tree, tmp_path) -> None:
    root = tree({"usr/lib/node_modules/a/package.json": package("a"), "srv/b/package.json": package("b")})
    modules = tmp_path / "usr/lib/node_modules"
    (modules / "b").symlink_to("/srv/b")  # inside of the root, not of this machine
    (modules / "a/node_modules").symlink_to("..")
    (modules / "self").symlink_to("self")
    assert answer("SELECT name, depth FROM npm_packages ORDER BY 1", root) == [("a", 0), ("b", 0)]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '"x"', "null", '{"name": 1, "license": {"url": 2}, "author": {"name": []}}', "[" * 100_000,
     '{"name": ' + "9" * 10_000 + "}", b"\xff\xfe{"],
)  # fmt: skip
def test_a_manifest_that_says_nothing_gives_its_path(answer, tree, content) -> None:
    root = tree({"usr/lib/node_modules/a/package.json": content})
    assert answer("SELECT name, license, author, path FROM npm_packages", root) == [
        (None, None, None, "/usr/lib/node_modules/a/package.json")
    ]


def test_halves_of_characters_are_no_text(answer, tree) -> None:
    root = tree({"usr/lib/node_modules/a/package.json": '{"name": "a\\ud800b", "version": "\\u0000"}'})
    assert answer("SELECT name, version FROM npm_packages", root) == [("a?b", "\0")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("MIT", "MIT"), ({"url": "https://example.org/MIT", "type": "MIT"}, "https://example.org/MIT"),
     ([{"type": "MIT"}, "ISC"], "MIT OR ISC"), (None, None), (7, None)],
)  # fmt: skip
def test_licenses_of_old_and_new_manifests(answer, tree, value, expected) -> None:
    root = tree({"usr/lib/node_modules/a/package.json": package("a", license=value)})
    assert answer("SELECT license FROM npm_packages", root) == [(expected,)]


def test_pipes_and_directories_in_the_place_of_manifests_do_no_harm(answer, tree, tmp_path) -> None:
    root = tree({"usr/lib/node_modules/a/package.json/": b"", "usr/lib/node_modules/b/": b""})
    os.mkfifo(tmp_path / "usr/lib/node_modules/b/package.json")
    assert answer("SELECT name FROM npm_packages", root) == [(None,), (None,)]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=100)
    | st.recursive(
        st.none() | st.text(max_size=4) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["name", "version", "author", "license", "url", "type"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_manifest_is_read_without_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "package.json").write_bytes(content)
    for value in npm.manifest(str(tmp_path), "/package.json").values():
        assert value is None or value.encode() is not None
