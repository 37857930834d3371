"""A server of the endpoint on Express and SQLite."""
