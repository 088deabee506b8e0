"""Alembic's environment: runs the revisions on the connection that :func:`migrate` hands over."""

from __future__ import annotations

from alembic import context

from leadline.server.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
