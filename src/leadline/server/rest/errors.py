"""Errors as Fleet's clients read them: message, errors, uuid."""

from __future__ import annotations

import uuid
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from leadline.server.errors import ApiError, UnavailableError
from leadline.server.logging import Logger

WORDS = {
    400: "Bad request",
    401: "Authentication required",
    403: "Permission Denied",
    404: "Resource Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Validation Failed",
    429: "Too Many Requests",
}


def handlers(log: Logger) -> dict[int | type[Exception], Any]:
    """Litestar's exception handlers."""

    def refused(_request: Request[Any, Any, Any], error: ApiError) -> Response[Any]:
        headers = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
        return respond(error.status, error.message, [(error.name, error.reason)], headers)

    def unavailable(request: Request[Any, Any, Any], error: UnavailableError) -> Response[Any]:
        log.warning("request failed for now", path=request.url.path, reason=str(error))
        headers = {"retry-after": str(error.retry_after)}
        return respond(503, "Service Unavailable", [("base", str(error))], headers)

    def malformed(_request: Request[Any, Any, Any], error: ValidationException) -> Response[Any]:
        details = error.extra if isinstance(error.extra, list) else []
        reasons = [(str(item.get("key", "base")), str(item.get("message", ""))) for item in details]
        return respond(422, WORDS[422], reasons or [("base", error.detail)])

    def http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        return respond(
            error.status_code, WORDS.get(error.status_code, "Error"), [("base", error.detail)], error.headers
        )

    def failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        trace = str(uuid.uuid4())
        log.error("request failed", path=request.url.path, uuid=trace, exc_info=error)
        return respond(500, "Internal Server Error", [("base", "the server failed; its log has the uuid")], trace=trace)

    return {
        ApiError: refused,
        UnavailableError: unavailable,
        ValidationException: malformed,
        HTTPException: http,
        Exception: failed,
    }


def respond(
    status: int,
    message: str,
    errors: list[tuple[str, str]],
    headers: dict[str, str] | None = None,
    trace: str | None = None,
) -> Response[Any]:
    """The response of an error."""
    body = {
        "message": message,
        "errors": [{"name": name, "reason": reason} for name, reason in errors],
        "uuid": trace or str(uuid.uuid4()),
    }
    kept = {name: value for name, value in (headers or {}).items() if name.lower() in ("retry-after", "allow")}
    return Response(body, status_code=status, headers=kept, media_type="application/json")
