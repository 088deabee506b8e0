"""The ASGI application of the agents: exact paths, POST only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from leadline.server.asgi import Receive, Scope, Send
from leadline.server.checkin import requests
from leadline.server.checkin.body import BodyError, DisconnectError
from leadline.server.checkin.config import config
from leadline.server.checkin.distributed import read, write
from leadline.server.checkin.enroll import enroll
from leadline.server.checkin.log import log
from leadline.server.checkin.requests import RefusedError
from leadline.server.errors import UnavailableError
from leadline.server.instance import Instance

Endpoint = Callable[[Instance, Scope, Receive, Send], Awaitable[None]]

ENDPOINTS: dict[str, Endpoint] = {
    "enroll": enroll,
    "config": config,
    "distributed/read": read,
    "distributed/write": write,
    "log": log,
}

PATHS: dict[str, Endpoint] = {
    f"{base}/{name}": endpoint for base in ("/api/osquery", "/api/v1/osquery") for name, endpoint in ENDPOINTS.items()
}


async def check_in(instance: Instance, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one request of an agent; whatever goes wrong is answered in a way that keeps the agent's data and key."""
    try:
        if scope["method"] != "POST":
            raise RefusedError(405, "agents use POST")
        await endpoint(instance, scope, receive, send)
    except (RefusedError, UnavailableError) as error:
        await requests.refuse(instance, send, error, scope["path"])
    except BodyError as error:
        await requests.refuse(instance, send, RefusedError(error.status, str(error)), scope["path"])
    except msgspec.MsgspecError as error:
        await requests.refuse(instance, send, RefusedError(400, f"the body cannot be read: {error}"), scope["path"])
    except DisconnectError:
        pass
    except Exception:
        instance.log.exception("check-in failed", path=scope["path"])
        await requests.refuse(instance, send, RefusedError(500, "the server failed"), scope["path"])
