"""selinux_settings, on a tree as selinuxfs lays it out."""

from __future__ import annotations

import pytest

FS = "sys/fs/selinux"
FILES = {
    f"{FS}/enforce": "1", f"{FS}/mls": "1", f"{FS}/policyvers": "33", f"{FS}/deny_unknown": "1",
    f"{FS}/reject_unknown": "0", f"{FS}/checkreqprot": "0", f"{FS}/load": "",
    f"{FS}/booleans/httpd_can_network_connect": "0 0", f"{FS}/booleans/ssh_sysadm_login": "1 1",
    f"{FS}/booleans/pending": "0 1",
    f"{FS}/policy_capabilities/open_perms": "1", f"{FS}/policy_capabilities/nnp_nosuid_transition": "0",
    f"{FS}/initial_contexts/kernel": b"system_u:system_r:kernel_t:s0\0",
    f"{FS}/initial_contexts/unlabeled": b"system_u:object_r:unlabeled_t:s0\0",
    f"{FS}/class/file/index": "7", f"{FS}/class/file/perms/ioctl": "1", f"{FS}/class/file/perms/append": "5",
    f"{FS}/class/process/index": "2", f"{FS}/class/process/perms/fork": "1",
}  # fmt: skip


@pytest.fixture
def enforcing(tree) -> str:
    """A machine that enforces a policy."""
    return tree(FILES | {"proc/mounts": "selinuxfs /sys/fs/selinux selinuxfs rw,nosuid,noexec,relatime 0 0\n"})


def test_settings_are_told_by_scope(answer, enforcing) -> None:
    assert answer("SELECT scope, key, value FROM selinux_settings", enforcing) == [
        ("", "checkreqprot", "0"),
        ("", "deny_unknown", "1"),
        ("", "enforce", "1"),
        ("", "mls", "1"),
        ("", "policyvers", "33"),
        ("", "reject_unknown", "0"),
        ("booleans", "httpd_can_network_connect", "off"),
        ("booleans", "pending", "off"),
        ("booleans", "ssh_sysadm_login", "on"),
        ("policy_capabilities", "nnp_nosuid_transition", "0"),
        ("policy_capabilities", "open_perms", "1"),
        ("initial_contexts", "kernel", "system_u:system_r:kernel_t:s0"),
        ("initial_contexts", "unlabeled", "system_u:object_r:unlabeled_t:s0"),
        ("class", "file/perms", "append"),
        ("class", "file/perms", "ioctl"),
        ("class", "process/perms", "fork"),
    ]


def test_the_file_system_is_found_where_it_is_mounted(answer, tree) -> None:
    root = tree({"selinux/enforce": "0", "proc/mounts": "none /selinux selinuxfs rw 0 0\n"})
    assert answer("SELECT key, value FROM selinux_settings", root) == [("enforce", "0")]
    root = tree({"proc/mounts": "", "sys/fs/selinux/enforce": "1"})
    assert answer("SELECT key, value FROM selinux_settings", root) == [("enforce", "1")]


def test_a_machine_without_selinux_has_no_settings(answer, root) -> None:
    assert answer("SELECT * FROM selinux_settings", root) == []


def test_content_of_any_kind_is_told(answer, tree) -> None:
    root = tree({
        f"{FS}/enforce": b"\xff\xfe\n", f"{FS}/booleans/odd": "maybe", f"{FS}/booleans/empty": "",
        f"{FS}/booleans/folder/x": "", f"{FS}/class/loop/perms/": "", f"{FS}/initial_contexts/long": "x" * 100_000,
    })  # fmt: skip
    assert answer("SELECT key, substr(value, 1, 8), length(value) FROM selinux_settings", root) == [
        ("enforce", "\\xFF\\xFE", 8), ("empty", "", 0), ("odd", "maybe", 5), ("long", "xxxxxxxx", 65536),
    ]  # fmt: skip
