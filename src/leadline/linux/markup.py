"""A parser of XML that expands no entities: those that a document declares are refused."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType as XMLParserType
else:
    XMLParserType = object


class MarkupError(ValueError):
    """A document that is no XML, or that declares entities; the text says what is wrong and where."""


def parser() -> XMLParserType:
    """An expat parser, for the caller's handlers; see :func:`feed`."""
    from xml.parsers import expat

    made = expat.ParserCreate()
    made.buffer_text = True
    made.EntityDeclHandler = _refuse
    return made


def _refuse(name: str, *_: object) -> None:
    raise MarkupError(f"declares the entity {name}")


def feed(made: XMLParserType, data: bytes, last: bool) -> None:
    """Parse a document, or the next part of one. Raises MarkupError, and what the handlers raise."""
    from xml.parsers import expat

    try:
        made.Parse(data, last)
    except expat.ExpatError as error:
        raise MarkupError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not know
        raise error if isinstance(error, MarkupError) else MarkupError(str(error)) from None
