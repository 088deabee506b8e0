"""What OpenSSH keeps in text files: keys that may log in, keys of known hosts, settings of the client.

Formats: sshd(8) for authorized_keys and known_hosts, ssh_config(5).
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM_CONFIG = "/etc/ssh/ssh_config"

_LARGEST = 16 << 20  # bytes; the files are their users' own
_TYPES = frozenset(
    {
        b"ssh-rsa", b"ssh-dss", b"ssh-ed25519", b"ssh-ed448",
        b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp384", b"ecdsa-sha2-nistp521",
        b"sk-ecdsa-sha2-nistp256@openssh.com", b"sk-ssh-ed25519@openssh.com",
        b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
        b"ssh-rsa-cert-v01@openssh.com", b"ssh-dss-cert-v01@openssh.com", b"ssh-ed25519-cert-v01@openssh.com",
        b"ecdsa-sha2-nistp256-cert-v01@openssh.com", b"ecdsa-sha2-nistp384-cert-v01@openssh.com",
        b"ecdsa-sha2-nistp521-cert-v01@openssh.com",
        b"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", b"sk-ssh-ed25519-cert-v01@openssh.com",
    }
)  # fmt: skip
_KEY_RING = b"zos-key-ring-label="


def lines(root: str, path: str) -> list[bytes]:
    """A file's lines without white space around them and without the empty ones and comments."""
    data = files.read(rooted.path(root, path), _LARGEST) or b""
    stripped = (line.strip() for line in data.split(b"\n"))
    return [line for line in stripped if line and not line.startswith(b"#")]


def known_hosts(root: str, path: str) -> Iterator[str]:
    """The lines of a known_hosts file, each a key with the hosts it is for."""
    for line in lines(root, path):
        yield decode(line)


class AuthorizedKey:
    """One key that may log in: its type, the key in base64, and the options before and the comment behind them."""

    __slots__ = ("algorithm", "comment", "key", "options")

    def __init__(self, algorithm: str, key: str, options: str, comment: str) -> None:
        self.algorithm = algorithm
        self.key = key
        self.options = options
        self.comment = comment


def authorized_keys(root: str, path: str) -> Iterator[AuthorizedKey]:
    """The keys of an authorized_keys file.

    A line of z/OS that names a key ring instead of a key has only options.
    """
    for line in lines(root, path):
        options, rest = b"", line
        if line.split(None, 1)[0] not in _TYPES:
            options, rest = _split_options(line)
        words = rest.split(None, 2)
        if len(words) > 1 and words[0] in _TYPES:
            comment = words[2] if len(words) > 2 else b""
            yield AuthorizedKey(decode(words[0]), decode(words[1]), decode(options), decode(comment))
        elif any(option.startswith(_KEY_RING) for option in line.split(b",")):
            yield AuthorizedKey("", "", decode(line), "")


def _split_options(line: bytes) -> tuple[bytes, bytes]:
    """The options at the start of a line and what follows. White space within quotes does not end them."""
    blanks = line.replace(b"\t", b" ")
    at, space = 0, -1
    while at < len(line):
        if space < at:  # looked for once only, however many quotes stand before it
            space = blanks.find(b" ", at)
            space = len(line) if space < 0 else space
        quote = line.find(b'"', at, space)
        if quote < 0:
            return line[:space], line[space:]
        at = line.find(b'"', quote + 1)
        while at > 0 and line[at - 1 : at] == b"\\":
            at = line.find(b'"', at + 1)
        if at < 0:
            break
        at += 1
    return line, b""


def config(root: str, path: str) -> Iterator[tuple[str, str]]:
    """Each option of a client's configuration with the Host or Match line it stands under, both in lower case."""
    block = ""
    for line in lines(root, path):
        option = line.lower()
        # ssh_config(5): the keyword ends at white space or at an equals sign.
        if option.replace(b"=", b" ", 1).split(None, 1)[:1] in ([b"host"], [b"match"]):
            block = decode(option)
        else:
            yield block, decode(option)
