from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import yumrepos

FEDORA = """[fedora]
name=Fedora $releasever - $basearch
#baseurl=http://download.example/pub/fedora/linux/releases/$releasever/Everything/$basearch/os/
metalink=https://mirrors.example.org/metalink?repo=fedora-$releasever&arch=$basearch
enabled=1
countme=1
metadata_expire=7d
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-fedora-$releasever-$basearch

[fedora-debuginfo]
name = Fedora $releasever - $basearch - Debug
baseurl = http://one.example.org/debug
    http://two.example.org/debug
; remark
mirrorlist=https://mirrors.example.org/list
enabled = 0
"""


def test_repositories_of_a_file(ask, tree) -> None:
    root = tree({"etc/yum.repos.d/fedora.repo": FEDORA, "etc/yum.repos.d/fedora.repo.rpmnew": "[x]\nname=x\n"})
    assert ask("SELECT * FROM yum_sources", root) == [
        {
            "name": "Fedora $releasever - $basearch",
            "source": "/etc/yum.repos.d/fedora.repo",
            "baseurl": None,
            "mirrorlist": None,
            "metalink": "https://mirrors.example.org/metalink?repo=fedora-$releasever&arch=$basearch",
            "enabled": "1",
            "gpgcheck": "1",
            "gpgkey": "file:///etc/pki/rpm-gpg/RPM-GPG-KEY-fedora-$releasever-$basearch",
        },
        {
            "name": "Fedora $releasever - $basearch - Debug",
            "source": "/etc/yum.repos.d/fedora.repo",
            "baseurl": "http://one.example.org/debug http://two.example.org/debug",
            "mirrorlist": "https://mirrors.example.org/list",
            "metalink": None,
            "enabled": "0",
            "gpgcheck": None,
            "gpgkey": None,
        },
    ]


def test_the_configuration_names_other_directories_and_repositories(answer, tree) -> None:
    root = tree(
        {
            "etc/yum.conf": "[main]\nreposdir=/etc/repos.a,/etc/repos.b /etc/repos.a\n[own]\nname=own\nbaseurl=http://x\n",
            "etc/repos.a/one.repo": "[one]\nname=one\n",
            "etc/repos.b/two.repo": "[two]\nname=two\n",
            "etc/yum.repos.d/three.repo": "[three]\nname=three\n",
        }
    )
    assert answer("SELECT name, source FROM yum_sources", root) == [
        ("own", "/etc/yum.conf"),
        ("one", "/etc/repos.a/one.repo"),
        ("two", "/etc/repos.b/two.repo"),
    ]


def test_a_configuration_that_two_names_lead_to_is_read_once(answer, tree, tmp_path) -> None:
    root = tree({"etc/dnf/dnf.conf": "[main]\ngpgcheck=True\n\n[own]\nname=own\n"})
    (tmp_path / "etc/yum.conf").symlink_to("dnf/dnf.conf")
    assert answer("SELECT name, source, gpgcheck FROM yum_sources", root) == [("own", "/etc/yum.conf", None)]


def test_lines_that_are_no_option_cost_only_themselves(answer, tree) -> None:
    root = tree(
        {"etc/yum.repos.d/x.repo": "stray=1\n  indented\n[x\nnonsense\n[y]\n = \nname=Y\nrubbish\nenabled=1\r\n"}
    )
    assert answer("SELECT name, enabled FROM yum_sources", root) == [("Y", "1")]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.text("[]=#; \n\tab", max_size=200).map(str.encode))
def test_any_content_is_read_without_an_error(content: bytes) -> None:
    for name, options in yumrepos.sections(content):
        assert isinstance(name, str)
        assert all(options)
