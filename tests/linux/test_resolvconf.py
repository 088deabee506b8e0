"""resolv.conf as the C library reads it."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import resolvconf


def read(root: Path, text: str, host: str = "reef") -> resolvconf.Resolvers:
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc" / "hostname").write_text(f"{host}\n")
    (root / "etc" / "resolv.conf").write_text(text)
    return resolvconf.read(str(root))


def test_name_servers_are_at_most_three_and_addresses(tmp_path: Path) -> None:
    text = "nameserver 192.0.2.1\nnameserver me\nnameserver 2001:DB8::1\nnameserver\tfe80::1%eth0\nnameserver 1.1.1.1\n"
    assert read(tmp_path, text).servers == ["192.0.2.1", "2001:db8::1", "fe80::1%eth0"]


def test_comments_and_indented_lines_are_nothing(tmp_path: Path) -> None:
    found = read(
        tmp_path, "# nameserver 192.0.2.1\n;nameserver 192.0.2.1\n nameserver 192.0.2.2\nnameservers 192.0.2.3\n"
    )
    assert found.servers == ["127.0.0.1"]


def test_the_last_of_search_and_domain_counts(tmp_path: Path) -> None:
    assert read(tmp_path, "domain a.example\nsearch b.example c.example\n").domains == ["b.example", "c.example"]
    assert read(tmp_path, "search b.example c.example\ndomain a.example x\n").domains == ["a.example"]
    assert read(tmp_path, "search 1 2 3 4 5 6 7 8\n").domains == ["1", "2", "3", "4", "5", "6"]


def test_the_domain_of_the_host_is_searched_when_no_other_is(tmp_path: Path) -> None:
    assert read(tmp_path, "", "reef.sea.example").domains == ["sea.example"]
    assert read(tmp_path, "").domains == []


def test_networks_have_the_mask_of_their_class_unless_they_have_another(tmp_path: Path) -> None:
    found = read(tmp_path, "sortlist 130.155.160.0/255.255.240.0 130.155.0.0 10.0.0.0 192.0.2.0 nonsense 1.2.3.4/x\n")
    assert found.sorted == [("130.155.160.0", 20), ("130.155.0.0", 16), ("10.0.0.0", 8), ("192.0.2.0", 24)]


def test_options_are_bits(tmp_path: Path) -> None:
    assert read(tmp_path, "").options == 705
    assert read(tmp_path, "options rotate ndots:3\noptions edns0 unknown").options == 705 | 0x4000 | 0x100000
    assert read(tmp_path, "options single-request").options == 705 | 0x200000
    assert read(tmp_path, "options single-request-reopen").options == 705 | 0x400000


@pytest.mark.skipif(sys.platform != "linux" or ctypes.sizeof(ctypes.c_void_p) != 8, reason="needs glibc of 64 bits")
def test_on_this_machine_it_is_what_the_c_library_says() -> None:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "__res_init"):
        pytest.skip("the C library is not glibc")
    assert libc.__res_init() == 0
    state = libc.__res_state
    state.restype = ctypes.c_void_p
    start = state()
    found = resolvconf.read("")
    assert ctypes.c_ulong.from_address(start + 8).value == found.options
    assert ctypes.c_int.from_address(start + 16).value == len(found.servers)
    first = ctypes.string_at(start + 20, 16)  # a sockaddr_in
    if "." in found.servers[0]:
        assert ".".join(str(byte) for byte in first[4:8]) == found.servers[0]


@settings(deadline=None, max_examples=50)
@given(st.text(st.sampled_from("nameserver optionsrchdmli 0123456789.:/%;#&\n\t\0é"), max_size=200))
def test_any_text_names_resolvers(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.getbasetemp() / "resolv"
    root.mkdir(exist_ok=True)
    for line in text.split("\n"):
        found = read(root, "\n".join(f"{word} {line}" for word in ("nameserver", "search", "sortlist", "options")))
        assert found.servers
        assert found.options & 705 == 705
