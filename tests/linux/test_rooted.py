from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from leadline.linux import rooted


@pytest.fixture
def image(tmp_path: Path) -> str:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/os-release").touch()
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "absolute").symlink_to("/usr/lib/os-release")
    (tmp_path / "up").symlink_to("../../../../../../usr")
    (tmp_path / "chain").symlink_to("up/lib/../lib/os-release")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    return str(tmp_path)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("/usr/lib/os-release", "/usr/lib/os-release"),
        ("/lib/os-release", "/usr/lib/os-release"),
        ("/absolute", "/usr/lib/os-release"),
        ("/chain", "/usr/lib/os-release"),
        ("/up/", "/usr/"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/up/../x", "/x"),
        ("/", "/"),
        ("relative", "/relative"),
        ("/no/such/./thing", "/no/such/thing"),
    ],
)
def test_links_are_followed_as_the_image_means_them(image: str, name: str, place: str) -> None:
    assert rooted.path(image, name) == image + place


def test_the_last_link_is_left_alone_when_asked(image: str) -> None:
    assert rooted.path(image, "/absolute", follow=False) == f"{image}/absolute"
    assert rooted.path(image, "/lib/os-release", follow=False) == f"{image}/usr/lib/os-release"


def test_circles_lead_nowhere(image: str) -> None:
    assert not os.path.exists(rooted.path(image, "/a"))


def test_chains_of_more_links_than_the_kernel_follows_do_not_lead_out(image: str, tmp_path: Path) -> None:
    (tmp_path.parent / "outside").touch()
    os.symlink(tmp_path.parent / "outside", tmp_path / "link60")
    for number in range(60):
        os.symlink(f"link{number + 1}", tmp_path / f"link{number}")
    for name in ("/link0", "/link0/", "/a", "/a/etc/passwd"):
        assert not os.path.lexists(rooted.path(image, name))


def test_back_from_what_is_not_there_links_are_followed_again(image: str) -> None:
    assert rooted.path(image, "/no/such/../../lib/os-release") == f"{image}/usr/lib/os-release"
    assert rooted.path(image, "/absolute/x/../../../lib/x") == f"{image}/usr/lib/x"
    assert rooted.path(image, f"/{'x' * 300}/../lib/") == f"{image}/usr/lib/"


def test_a_path_of_a_hundred_thousand_parts_costs_little(image: str) -> None:
    start = time.process_time()
    assert rooted.path(image, "/a" * 100_000) == rooted.path(image, "/a/a")
    assert len(rooted.path(image, "/no" * 100_000)) == len(image) + 300_000
    assert time.process_time() - start < 1


def test_without_a_root_a_path_is_itself() -> None:
    assert rooted.path("", "/etc/../x") == "/etc/../x"
