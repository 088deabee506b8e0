"""The API application: routers, guard, errors, OpenAPI (served as /api/openapi.json)."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Response, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from leadline import __version__
from leadline.server.instance import Instance
from leadline.server.rest import about, campaigns, hosts, live_queries, sessions
from leadline.server.rest.authentication import Authentication, authorise
from leadline.server.rest.errors import handlers


def guard_response(response: Response[Any]) -> Response[Any]:
    """No answer is kept by browsers or guessed to be something else than it says."""
    response.headers.setdefault("cache-control", "no-store")
    response.headers.setdefault("x-content-type-options", "nosniff")
    return response


def build(instance: Instance) -> Litestar:
    """The application. Its paths are those of ``latest``; other versions are mapped to it in front."""
    fleet = Router(
        "/api/latest/fleet",
        route_handlers=[
            *sessions.HANDLERS,
            *hosts.HANDLERS,
            *campaigns.HANDLERS,
            *about.FLEET_HANDLERS,
        ],
        guards=[authorise],
        middleware=[Authentication],
    )
    ours = Router(
        "/api/latest/leadline",
        route_handlers=[*live_queries.HANDLERS, *about.LEADLINE_HANDLERS],
        guards=[authorise],
        middleware=[Authentication],
    )
    return Litestar(
        [fleet, ours],
        dependencies={"instance": Provide(lambda: instance, sync_to_thread=False)},
        after_request=guard_response,
        exception_handlers=handlers(instance.log),
        state=State({"instance": instance}),
        openapi_config=OpenAPIConfig(
            title="Leadline",
            version=__version__,
            path="/api/openapi",
            render_plugins=[JsonRenderPlugin()],
            use_handler_docstrings=True,
        ),
        logging_config=None,
        request_max_body_size=instance.settings.limits.rest_body,
        signature_types=[Instance],
    )
