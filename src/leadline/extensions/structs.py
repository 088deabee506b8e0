"""osquery's thrift structures and calls, written by hand (osquery.thrift): what travels over extension sockets.

Each structure is its specification in the form that thrift's own reader and writer take: a tuple by field number of
(number, type, name, details, default).
"""

from __future__ import annotations

from typing import Any

from thrift.protocol.TBase import TBase  # type: ignore[import-untyped]
from thrift.Thrift import TType  # type: ignore[import-untyped]

SUCCESS = 0
FAILED = 1
FATAL = 2

Rows = list[dict[str, str]]
"""ExtensionPluginResponse."""

Routes = dict[str, dict[str, Rows]]
"""ExtensionRegistry: what an extension offers, registry → name → route."""

_TEXT = (TType.STRING, "UTF8")
_PAIRS = (*_TEXT, *_TEXT, False)
_ROWS = (TType.MAP, _PAIRS, False)
_ITEMS = (*_TEXT, TType.LIST, _ROWS, False)
_ROUTES = (*_TEXT, TType.MAP, _ITEMS, False)


class Struct(TBase):  # type: ignore[misc]  # thrift has no types
    """A structure; fields that were not sent, or were of another type, are None."""

    __slots__ = ()
    thrift_spec: tuple[Any, ...] = ()

    def __init__(self, **values: Any) -> None:
        for field in self.thrift_spec:
            if field is not None:
                setattr(self, field[2], values.get(field[2]))


def fields(*described: tuple[Any, ...]) -> tuple[Any, ...]:
    """A specification from (number, type, name, details), the numbers counting from 1."""
    return (None, *((*field, None) for field in described))


class Status(Struct):
    """ExtensionStatus."""

    __slots__ = ("code", "message", "uuid")
    thrift_spec = fields(
        (1, TType.I32, "code", None), (2, TType.STRING, "message", "UTF8"), (3, TType.I64, "uuid", None)
    )


class Response(Struct):
    """ExtensionResponse: a status and rows."""

    __slots__ = ("response", "status")
    thrift_spec = fields(
        (1, TType.STRUCT, "status", [Status, Status.thrift_spec]), (2, TType.LIST, "response", _ROWS)
    )  # fmt: skip


class Option(Struct):
    """InternalOptionInfo: a flag."""

    __slots__ = ("default_value", "type", "value")
    thrift_spec = fields(
        (1, TType.STRING, "value", "UTF8"),
        (2, TType.STRING, "default_value", "UTF8"),
        (3, TType.STRING, "type", "UTF8"),
    )


class Info(Struct):
    """InternalExtensionInfo: who an extension is."""

    __slots__ = ("min_sdk_version", "name", "sdk_version", "version")
    thrift_spec = fields(
        (1, TType.STRING, "name", "UTF8"),
        (2, TType.STRING, "version", "UTF8"),
        (3, TType.STRING, "sdk_version", "UTF8"),
        (4, TType.STRING, "min_sdk_version", "UTF8"),
    )


class Call:
    """One call of a service: the structure of its arguments, and of its result."""

    __slots__ = ("arguments", "names", "result")

    def __init__(self, name: str, *arguments: tuple[Any, ...], result: tuple[Any, Any] | None = None) -> None:
        self.names = tuple(str(argument[2]) for argument in arguments)
        self.arguments: type[Struct] = type(
            f"{name}_args", (Struct,), {"__slots__": self.names, "thrift_spec": fields(*arguments)}
        )
        success = (0, result[0], "success", result[1], None) if result else None
        self.result: type[Struct] = type(
            f"{name}_result",
            (Struct,),
            {"__slots__": ("success",) if success else (), "thrift_spec": (success,) if success else ()},
        )


_STATUS = (TType.STRUCT, [Status, Status.thrift_spec])
_RESPONSE = (TType.STRUCT, [Response, Response.thrift_spec])
_SQL = (1, TType.STRING, "sql", "UTF8")

EXTENSION = {
    "ping": Call("ping", result=_STATUS),
    "call": Call(
        "call",
        (1, TType.STRING, "registry", "UTF8"),
        (2, TType.STRING, "item", "UTF8"),
        (3, TType.MAP, "request", _PAIRS),
        result=_RESPONSE,
    ),
    "shutdown": Call("shutdown"),
}
"""The service Extension."""

MANAGER = {
    **EXTENSION,
    "extensions": Call(
        "extensions", result=(TType.MAP, (TType.I64, None, TType.STRUCT, [Info, Info.thrift_spec], False))
    ),
    "options": Call("options", result=(TType.MAP, (*_TEXT, TType.STRUCT, [Option, Option.thrift_spec], False))),
    "registerExtension": Call(
        "registerExtension",
        (1, TType.STRUCT, "info", [Info, Info.thrift_spec]),
        (2, TType.MAP, "registry", _ROUTES),
        result=_STATUS,
    ),
    "deregisterExtension": Call("deregisterExtension", (1, TType.I64, "uuid", None), result=_STATUS),
    "query": Call("query", _SQL, result=_RESPONSE),
    "getQueryColumns": Call("getQueryColumns", _SQL, result=_RESPONSE),
}
"""The service ExtensionManager."""
