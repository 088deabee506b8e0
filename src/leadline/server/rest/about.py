"""The server itself: version, catalogue of tables, enroll secrets."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from typing import Any

from litestar import Request, Response, get

from leadline import OSQUERY_VERSION, __version__
from leadline.server.clock import iso
from leadline.server.errors import not_found
from leadline.server.instance import Instance
from leadline.server.rest.permissions import Permission
from leadline.server.store import enroll_secrets

CATALOGUE = os.path.join(os.path.dirname(__file__), "..", "..", "catalogue", "catalogue.json")


@lru_cache(maxsize=1)
def catalogue_file() -> tuple[bytes, str] | None:
    """The catalogue and its entity tag; None where it was not generated."""
    try:
        with open(CATALOGUE, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return None
    return data, f'"{hashlib.sha256(data).hexdigest()[:32]}"'


@get("/catalogue", permission=Permission.SIGNED_IN)
async def get_catalogue(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Every table with its columns, for completion and documentation."""
    found = catalogue_file()
    if found is None:
        raise not_found("the catalogue was not generated")
    data, etag = found
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if etag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
        return Response(b"", status_code=304, headers=headers)
    return Response(data, media_type="application/json", headers=headers)


@get("/server", permission=Permission.SIGNED_IN)
async def get_server(instance: Instance) -> dict[str, str]:
    """Who answers."""
    return {
        "version": __version__,
        "osquery_version": OSQUERY_VERSION,
        "name": "Leadline",
        "base_url": instance.base_url,
    }


@get("/version", permission=Permission.SIGNED_IN)
async def get_version() -> dict[str, str]:
    """Fleet's version object, with what applies here."""
    return {"version": __version__, "branch": "", "revision": "", "go_version": "", "build_date": "", "build_user": ""}


@get("/spec/enroll_secret", permission=Permission.READ_SECRETS)
async def get_enroll_secrets(instance: Instance) -> Response[dict[str, Any]]:
    """The secrets with which hosts enroll."""
    async with instance.database.read() as connection:
        held = await enroll_secrets.load(connection)
    secrets = [{"secret": secret.secret, "created_at": iso(secret.created_at)} for secret in held]
    return Response({"spec": {"secrets": secrets}}, headers={"cache-control": "no-store"})


FLEET_HANDLERS = [get_version, get_enroll_secrets]
LEADLINE_HANDLERS = [get_catalogue, get_server]
