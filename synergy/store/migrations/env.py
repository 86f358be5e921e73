"""Alembic environment: runs the migrations on the connection supplied by the caller."""

from alembic import context

from synergy.store.tables import rounds

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=rounds.metadata,
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()
