"""Ids in paths and parameters: what the database can hold."""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter, QueryParameter

HIGHEST = 2**63 - 1

Id = Annotated[int, PathParameter(ge=0, le=HIGHEST)]
After = Annotated[int, QueryParameter(ge=0, le=HIGHEST)]
