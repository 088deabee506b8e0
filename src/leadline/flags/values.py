"""Texts of flags as values: what gflags accepts for each type (gflags.cc, ``FlagValue::ParseFrom``)."""

from __future__ import annotations

from leadline.flags.errors import FlagError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.flags import Declaration

TRUE = ("1", "t", "true", "y", "yes")
FALSE = ("0", "f", "false", "n", "no")

RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


def canonical(declaration: Declaration, text: str) -> str:
    """The value's text as gflags prints it back: ``--json=YES`` is ``true``, ``0x10`` is ``16``.

    Raises FlagError with gflags' text when the type does not take it, or when a validator refuses it.
    """
    name, _, type, _, _ = declaration
    if type == "string":
        return text
    if type == "bool":
        lower = text.lower()
        if lower in TRUE:
            return "true"
        if lower in FALSE:
            return "false"
    elif type == "double":
        number = real(text)
        if number is not None:
            return f"{number:.17g}"
    else:
        whole = integer(text)
        low, high = RANGES[type]
        if whole is not None and low <= whole <= high:
            if name == "alarm_timeout" and whole < 10:
                raise FlagError(f"failed validation of new value '{whole}' for flag '{name}'")
            return str(whole)
    raise FlagError(f"illegal value '{text}' specified for {type} flag '{name}'")


def integer(text: str) -> int | None:
    """What strtoll(3) makes of the whole text: base 16 after a leading 0x, else base 10, never octal."""
    base = 10
    digits = text.lstrip(" \t\n\v\f\r")
    if text[:2] in ("0x", "0X"):
        base, digits = 16, text[2:]
        allowed = "0123456789abcdefABCDEF"
    else:
        allowed = "0123456789"
    sign = ""
    if base == 10 and digits[:1] in ("+", "-"):
        sign, digits = digits[0], digits[1:]
    if not digits or digits.strip(allowed):
        return None
    return int(sign + digits, base)


def real(text: str) -> float | None:
    """What strtod(3) makes of the whole text."""
    if not text or "_" in text or text != text.rstrip():
        return None
    try:
        return float.fromhex(text) if "0x" in text.lower() else float(text)
    except ValueError:
        return None
