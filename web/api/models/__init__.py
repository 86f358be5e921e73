"""What goes in and out, as pydantic models: they check bodies and queries, and describe answers."""
