"""Run by Alembic for each command. In: a connection in a transaction (`store.schema` hands it over); out: the steps run on it, in that one
transaction on both engines."""

from __future__ import annotations

from alembic import context

from duplistatus.store.all_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes tables by writing them anew.
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
