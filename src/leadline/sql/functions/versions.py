"""Order of version strings: version_compare and the collations version, version_arch, version_dpkg, version_rhel.

One walk with four switches, which is osquery's and not quite any distribution's: an epoch is greater when its colon
stands further right, and neither version_arch nor version_rhel is a total order, because for them a version equals
itself with ``-`` and anything behind it.
"""

from __future__ import annotations

from leadline.sql.errors import SQLError
from leadline.sql.functions.arguments import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value

RANKS = {"~": 1, "-": 2, "^": 3, ".": 4, ":": 5}
DIGITS = "0123456789"

# Epoch, delimiters have ranks, look into the longer side's rest, and do so only behind a digit.
SWITCHES = {
    "ARCH": (True, False, True, True),
    "DPKG": (True, True, False, False),
    "RHEL": (True, True, True, False),
}


def version(left: str, right: str) -> int:
    """Plain versions: any delimiter equals any other."""
    return compare(left, right, False, False, False, False)


def version_arch(left: str, right: str) -> int:
    """Versions of Arch Linux packages."""
    return compare(left, right, True, False, True, True)


def version_dpkg(left: str, right: str) -> int:
    """Versions of Debian packages."""
    return compare(left, right, True, True, False, False)


def version_rhel(left: str, right: str) -> int:
    """Versions of RPM packages."""
    return compare(left, right, True, True, True, False)


def version_compare(*arguments: Value) -> int:
    """-1, 0 or 1 for two versions and, if given, the flavour ARCH, DPKG or RHEL in any case.

    Raises SQLError for anything else.
    """
    if len(arguments) < 2 or not isinstance(arguments[0], str) or not isinstance(arguments[1], str):
        raise SQLError("Must provide two version strings to compare.")
    switches = (False, False, False, False)
    if len(arguments) > 2:
        if not isinstance(arguments[2], str):
            raise SQLError("The optional third parameter is not a string.")
        flavour = text(arguments[2]).upper()
        if flavour not in SWITCHES:
            raise SQLError("The optional third parameter does not match one of: (ARCH, DPKG, RHEL).")
        switches = SWITCHES[flavour]
    return compare(text(arguments[0]), text(arguments[1]), *switches)


def compare(left: str, right: str, epoch: bool, ranked: bool, rest: bool, rest_after_digit: bool) -> int:
    """-1, 0 or 1: the order of two versions under the four switches. Bytes are compared, as numbers from 0 to 255."""
    if left == right:
        return 0
    if not left:
        return -1
    if not right:
        return 1
    if not (left.isascii() and right.isascii()):
        left, right = left.encode().decode("latin-1"), right.encode().decode("latin-1")
    if epoch:
        colon, other = left.find(":"), right.find(":")
        if colon != other:
            return 1 if colon > other else -1
    return _walk(left, right, ranked, rest, rest_after_digit)


def _walk(left: str, right: str, ranked: bool, rest: bool, rest_after_digit: bool) -> int:
    """The order of two different versions by their segments, character by character."""
    ranks = RANKS
    first = 0  # the first difference in the present segment
    for one, two in zip(left, right, strict=False):
        if one == two:
            if first and one in ranks:
                return first
        elif one not in ranks:
            if two in ranks:
                return 1
            if not first:
                first = 1 if one > two else -1
        elif two not in ranks:
            return -1
        elif first:
            return first
        elif ranked:
            return 1 if ranks[one] > ranks[two] else -1
    shared = min(len(left), len(right))
    if len(left) == len(right):
        return first
    longer, sign = (left, 1) if len(left) > len(right) else (right, -1)
    return _by_rest(longer, shared, sign, first, rest, rest_after_digit, (left, right)[sign > 0][-1])


def _by_rest(longer: str, shared: int, sign: int, first: int, rest: bool, rest_after_digit: bool, last: str) -> int:
    """The order when one version ends before the other.

    ``sign`` is the answer that makes the longer one greater, ``last`` the shorter one's last character.
    """
    extra = longer[shared]
    if not rest:
        return first if first and extra in RANKS else sign
    if extra == "~":
        return -sign
    if extra == "-":
        return 0
    if extra == "^":
        return sign
    return first if first and not (rest_after_digit and last in DIGITS) else sign
