"""The words of a meta command line and how they are read as numbers and switches (SQLite's shell, ``shell.c``)."""

from __future__ import annotations

MOST = 50  # words of one line

SPACES = " \t\n\v\f\r"
SHORT = {"n": "\n", "t": "\t", "r": "\r"}
SUFFIXES = {
    "kib": 1024, "mib": 1024**2, "gib": 1024**3, "kb": 1000, "mb": 1000**2, "gb": 1000**3,
    "k": 1000, "m": 1000**2, "g": 1000**3,
}  # fmt: skip
SWITCHES = {
    **dict.fromkeys(("1", "y", "yes", "t", "true", "ok", "enable", "on"), True),
    **dict.fromkeys(("0", "n", "no", "f", "false", "disable", "off"), False),
}


def words(line: str) -> list[str]:
    """The words after the dot. Quotes group; backslashes are resolved outside of single quotes."""
    found: list[str] = []
    at, end = 1, len(line)
    while at < end and len(found) < MOST:
        while at < end and line[at] in SPACES:
            at += 1
        if at >= end:
            break
        start = at
        if line[at] in "'\"":
            quote = line[at]
            start = at = at + 1
            while at < end and line[at] != quote:
                at += 2 if line[at] == "\\" and quote == '"' and at + 1 < end else 1
            word = line[start:at]
            found.append(word if quote == "'" else resolved(word))
        else:
            while at < end and line[at] not in SPACES:
                at += 1
            found.append(resolved(line[start:at]))
        at += 1
    return found


def resolved(word: str) -> str:
    """The word with C's escapes resolved: \\n, \\t, \\r, \\\\, up to three octal digits; other characters stand for
    themselves."""
    if "\\" not in word:
        return word
    made = []
    at, end = 0, len(word)
    while at < end:
        character = word[at]
        at += 1
        if character != "\\" or at >= end:
            made.append(character)
            continue
        character = word[at]
        at += 1
        if character in "01234567":
            digits = character
            while at < end and len(digits) < 3 and word[at] in "01234567":
                digits += word[at]
                at += 1
            made.append(chr(int(digits, 8) & 0xFF))
        else:
            made.append(SHORT.get(character, character))
    return "".join(made)


def integer(word: str) -> int:
    """A number with optional sign, 0x and one of the suffixes K, M, G, KB, MB, GB (thousands), KiB, MiB, GiB; 0 for
    what is none."""
    negative = word[:1] == "-"
    text = word[1:] if word[:1] in ("-", "+") else word
    base, allowed = 10, "0123456789"
    if text[:2] == "0x":
        base, allowed, text = 16, "0123456789abcdefABCDEF", text[2:]
    digits = text[: len(text) - len(text.lstrip(allowed))]
    value = int(digits, base) if digits else 0
    value *= SUFFIXES.get(text[len(digits) :].lower(), 1)
    return -value if negative else value


def switch(word: str) -> bool | None:
    """ON, OFF and their kin, or a number; None for what is neither."""
    digits = word[2:] if word[:2] == "0x" else word
    if digits and not digits.strip("0123456789" if digits is word else "0123456789abcdefABCDEF"):
        return integer(word) != 0
    return SWITCHES.get(word.lower())
