"""Extended attributes of files, xattr(7), and the capabilities that one of them holds, capabilities(7)."""

from __future__ import annotations

import os

from leadline.linux.text import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CAPABILITY = "security.capability"
_MOST = 1024  # attributes of one file; the kernel's list of names takes 64 KiB

# linux/capability.h
CAPABILITIES = (
    "cap_chown", "cap_dac_override", "cap_dac_read_search", "cap_fowner", "cap_fsetid", "cap_kill", "cap_setgid",
    "cap_setuid", "cap_setpcap", "cap_linux_immutable", "cap_net_bind_service", "cap_net_broadcast", "cap_net_admin",
    "cap_net_raw", "cap_ipc_lock", "cap_ipc_owner", "cap_sys_module", "cap_sys_rawio", "cap_sys_chroot",
    "cap_sys_ptrace", "cap_sys_pacct", "cap_sys_admin", "cap_sys_boot", "cap_sys_nice", "cap_sys_resource",
    "cap_sys_time", "cap_sys_tty_config", "cap_mknod", "cap_lease", "cap_audit_write", "cap_audit_control",
    "cap_setfcap", "cap_mac_override", "cap_mac_admin", "cap_syslog", "cap_wake_alarm", "cap_block_suspend",
    "cap_audit_read", "cap_perfmon", "cap_bpf", "cap_checkpoint_restore",
)  # fmt: skip
_SIZES = {0x01000000: 12, 0x02000000: 20, 0x03000000: 24}  # by VFS_CAP_REVISION_*: one word or two of each set
_EFFECTIVE, _PERMITTED, _INHERITABLE = 1, 2, 4
_LETTERS = ((_EFFECTIVE, "e"), (_INHERITABLE, "i"), (_PERMITTED, "p"))


def attributes(path: str) -> Iterator[tuple[str, bytes]]:
    """The name and value of each attribute, links followed; none for what is missing or may not be looked at."""
    try:
        names = os.listxattr(path)
    except (OSError, ValueError):
        return
    for name in sorted(names)[:_MOST]:
        try:
            yield clean(name), os.getxattr(path, name)
        except OSError:  # removed meanwhile, or not for us
            continue


def text(name: str, value: bytes) -> tuple[str, bool]:
    """A value as text, and whether that is base64.

    Capabilities are spelled out. Else a value is text when a NUL, and nothing but printable ASCII before it, says so;
    a NUL at the end is left out of base64 too.
    """
    spelled = capabilities(value) if name == CAPABILITY else None
    if spelled is not None:
        return spelled, False
    if value[-1:] == b"\0":
        value = value[:-1]
        if all(0x20 <= byte < 0x7F for byte in value):
            return value.decode("ascii"), False
    from base64 import b64encode

    return b64encode(value).decode("ascii"), True


def capabilities(value: bytes) -> str | None:
    """A file's capabilities as cap_to_text(3) writes them, such as `cap_net_raw=ep`; None when that is not what it is.

    struct vfs_ns_cap_data of linux/capability.h: revision and flags, then for each 32 capabilities the permitted and
    the inheritable ones, then (revision 3) the user who is root where they hold, which the text does not tell.
    """
    words = [int.from_bytes(value[place : place + 4], "little") for place in range(0, len(value), 4)]
    if not words or _SIZES.get(words[0] & 0xFF000000) != len(value):
        return None
    two = len(words) > 3
    permitted = words[1] | (words[3] << 32 if two else 0)
    inheritable = words[2] | (words[4] << 32 if two else 0)
    effective = permitted | inheritable if words[0] & 1 else 0
    highest = max(len(CAPABILITIES), (permitted | inheritable).bit_length())
    held: dict[int, list[str]] = {}
    for number in range(highest):
        mask = 1 << number
        state = (
            _EFFECTIVE * bool(effective & mask)
            | _PERMITTED * bool(permitted & mask)
            | _INHERITABLE * bool(inheritable & mask)
        )
        known = number < len(CAPABILITIES)
        held.setdefault(state, []).append(CAPABILITIES[number] if known else str(number))
    return _spell(held)


def _spell(held: dict[int, list[str]]) -> str:
    """Clauses: what most capabilities have, then what others have besides or less; `=` in the first of them."""
    usual = max(held, key=lambda state: (len(held[state]), -state))
    clauses = [f"={_letters(usual)}"] if usual else []
    for state in sorted(held, reverse=True):
        if state == usual:
            continue
        clause = ",".join(held[state])
        more, less = state & ~usual, usual & ~state
        if more:
            clause += ("+" if clauses else "=") + _letters(more)
        if less:
            clause += f"-{_letters(less)}"
        clauses.append(clause)
    return " ".join(clauses) or "="


def _letters(state: int) -> str:
    return "".join(letter for bit, letter in _LETTERS if state & bit)
