"""The parse_xml table."""

from __future__ import annotations

from leadline.linux import markup
from leadline.linux.text import clean
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.files import documents
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # By the number of an element in its document, from 0: the names that several of its members have.
    Repeated = dict[int, frozenset[str]]

_CHUNK = 64 << 10
_MOST_ELEMENTS = 1_000_000
_NONE: frozenset[str] = frozenset()


@table(
    "parse_xml",
    documents.PATH,
    Column("fullkey", TEXT, "Names that lead to the value, joined by `/`; elements of one name are counted from 0."),
    documents.PARENT,
    Column("key", TEXT, "The last name: of an element, `-` and an attribute's, `#text`, or a number."),
    Column("value", TEXT, "Text of the element, without white space around it, or value of the attribute."),
    Column("type", TEXT, "element, or attribute."),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT fullkey, value FROM parse_xml WHERE path = '/etc/fonts/fonts.conf'",
        "SELECT path, value FROM parse_xml WHERE path LIKE '/usr/share/mime/packages/%.xml' AND key = '-type'",
    ],
    notes="Any file that the program may read, up to the flag `read_max`, a million elements and 100 levels. `#text` is"
    " the text of an element that has attributes or members too. A file that is no XML, or declares entities, has no"
    " rows and is named in a warning.",
)
def parse_xml(query: Query) -> Rows:
    """Elements and attributes of XML files, one row for each that has a value."""
    yield from documents.rows(query, _read)


def _read(data: bytes) -> Iterator[documents.Item]:
    try:
        repeated = _repeated(data)
        found: list[documents.Item] = []
        parser = _collector(repeated, found.append)
        for start in range(0, len(data), _CHUNK):
            markup.feed(parser, data[start : start + _CHUNK], start + _CHUNK >= len(data))
            yield from found
            found.clear()
    except markup.MarkupError as error:
        raise documents.ContentError(str(error)) from None


def _repeated(data: bytes) -> Repeated:
    """Go through a document once, to know which names get a number. Raises MarkupError."""
    parser = markup.parser()
    repeated: Repeated = {}
    shared: dict[frozenset[str], frozenset[str]] = {}
    open_: list[tuple[int, dict[str, bool]]] = [(-1, {})]
    number = 0

    def start(name: str, _: object) -> None:
        nonlocal number
        if len(open_) > documents.DEPTH:
            raise markup.MarkupError(f"nested more than {documents.DEPTH} deep")
        if number == _MOST_ELEMENTS:
            raise markup.MarkupError(f"more than {_MOST_ELEMENTS} elements")
        names = open_[-1][1]
        names[name] = name in names
        open_.append((number, {}))
        number += 1

    def end(_: str) -> None:
        element, names = open_.pop()
        several = frozenset(name for name, again in names.items() if again)
        if several:
            repeated[element] = shared.setdefault(several, several)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    markup.feed(parser, data, True)
    return repeated


class _Open:
    """An element that is open: how many names lead to it, the numbers of its members, what was found in it."""

    __slots__ = ("counted", "depth", "plain", "several", "text")

    def __init__(self, depth: int, several: frozenset[str], plain: bool) -> None:
        self.depth = depth
        self.several = several
        self.counted: dict[str, int] = {}
        self.plain = plain  # neither attributes nor members so far
        self.text: list[str] = []


def _collector(repeated: Repeated, found: Callable[[documents.Item], None]) -> markup.XMLParserType:
    """A parser that hands on the items of a document."""
    parser = markup.parser()
    keys: list[str] = []
    open_ = [_Open(0, _NONE, True)]
    number = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal number
        above = open_[-1]
        above.plain = False
        keys.append(name)
        if name in above.several:
            keys.append(str(above.counted.setdefault(name, 0)))
            above.counted[name] += 1
        for attribute, value in attributes.items():
            found(((*keys, f"-{attribute}"), clean(value), "attribute"))
        open_.append(_Open(len(keys), repeated.get(number, _NONE), not attributes))
        number += 1

    def end(_: str) -> None:
        element = open_.pop()
        text = clean("".join(element.text).strip())
        if element.plain:
            found((tuple(keys), text, "element"))
        elif text:
            found(((*keys, "#text"), text, "element"))
        above = open_[-1]
        del keys[above.depth :]

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: open_[-1].text.append(text)
    return parser
