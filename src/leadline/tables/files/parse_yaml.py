"""The parse_yaml table."""

from __future__ import annotations

from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.files import documents
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_TAG = "tag:yaml.org,2002:"
_TYPES = {"str": "string", "int": "integer", "bool": "boolean"}
_LONGEST = 200  # characters of a scalar that may be something else than a string
_ALIAS = "alias"
_NO_SCALAR = "?"  # key of a value whose key is a mapping or a sequence


@table(
    "parse_yaml",
    documents.PATH,
    documents.FULLKEY,
    documents.PARENT,
    documents.KEY,
    Column("value", TEXT, "The value as the file writes it, without quotes; NULL for null, empty maps and sequences."),
    Column(
        "type",
        TEXT,
        "string, integer, float, boolean, null, timestamp, object and array for empty ones, alias, or the file's tag.",
    ),
    Column("document", BIGINT, "Number of the document in the file, from 0."),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT fullkey, value FROM parse_yaml WHERE path LIKE '/etc/netplan/%.yaml'",
        "SELECT path, value FROM parse_yaml WHERE path LIKE '/etc/kubernetes/manifests/%' AND key = 'image'",
    ],
    notes="Any file that the program may read, up to the flag `read_max` and 100 levels deep. Aliases are not followed:"
    " their value is `*` and the anchor's name. A file that is no YAML 1.1 has no rows and is named in a warning.",
)
def parse_yaml(query: Query) -> Rows:
    """Values in YAML files, one row for each, with the names that lead to it."""
    yield from documents.rows(query, _read)


class _Open:
    """A mapping or sequence that is open: its next number, or whether a key comes next."""

    __slots__ = ("count", "is_key", "mapping")

    def __init__(self, mapping: bool) -> None:
        self.mapping = mapping
        self.is_key = mapping
        self.count = 0


def _read(data: bytes) -> Iterator[documents.Item]:
    import yaml

    # From events, not from objects: these would be as many as aliases of aliases say.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(data)
    try:
        yield from _items(loader)
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise documents.ContentError(f"{where}{error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise error if isinstance(error, documents.ContentError) else documents.ContentError(str(error)) from None
    finally:
        loader.dispose()


def _items(loader: Any) -> Iterator[documents.Item]:
    import yaml

    keys: list[str] = []
    open_: list[_Open] = []
    number, inside = -1, 0  # of the document; how deep in a key that is no scalar
    while loader.check_event():
        event = loader.get_event()
        if isinstance(event, yaml.DocumentStartEvent):
            number += 1
        starts, ends = isinstance(event, yaml.CollectionStartEvent), isinstance(event, yaml.CollectionEndEvent)
        if starts and len(open_) + inside >= documents.DEPTH:
            raise documents.ContentError(f"nested more than {documents.DEPTH} deep")
        if inside:
            inside += starts - ends
            continue
        if ends:
            if not _close(keys, open_):
                yield tuple(keys), None, "object" if isinstance(event, yaml.MappingEndEvent) else "array", number
            continue
        if not starts and not isinstance(event, yaml.NodeEvent):
            continue
        if not _name(keys, open_, event):
            inside += starts
        elif starts:
            open_.append(_Open(isinstance(event, yaml.MappingStartEvent)))
        else:
            yield tuple(keys), *_scalar(loader, event), number


def _name(keys: list[str], open_: list[_Open], event: Any) -> bool:
    """Make ``keys`` lead to the node that begins. False when the node is itself the key of what follows."""
    if not open_:
        keys.clear()
        return True
    parent = open_[-1]
    del keys[len(open_) - 1 + (parent.mapping and not parent.is_key) :]
    if not parent.mapping:
        keys.append(str(parent.count))
        parent.count += 1
        return True
    if parent.is_key:
        name = getattr(event, "value", None)
        keys.append(name if isinstance(name, str) else f"*{event.anchor}" if _is_alias(event) else _NO_SCALAR)
        parent.count += 1
    parent.is_key = not parent.is_key
    return parent.is_key


def _close(keys: list[str], open_: list[_Open]) -> int:
    """Leave a mapping or sequence: how many members it had."""
    closed = open_.pop()
    del keys[len(open_) :]
    return closed.count


def _is_alias(event: Any) -> bool:
    import yaml

    return isinstance(event, yaml.AliasEvent)


def _scalar(loader: Any, event: Any) -> tuple[str | None, str]:
    """Value and type."""
    import yaml

    if _is_alias(event):
        return clean(f"*{event.anchor}"), _ALIAS
    tag = event.tag
    if tag is None or tag == "!":
        plain = event.implicit[0] and len(event.value) <= _LONGEST
        tag = loader.resolve(yaml.ScalarNode, event.value, event.implicit) if plain else f"{_TAG}str"
    kind = tag.removeprefix(_TAG)
    return None if kind == "null" else clean(event.value), clean(_TYPES.get(kind, kind))
