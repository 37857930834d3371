"""A correct server on Django REST framework, written from the contract alone.

It behaves like the framework (trailing slashes, errors by field, a table with a unique constraint), but its fields are
strict: they neither coerce nor trim. Start it with `python -m tests.servers.django_server`; its table is in a
temporary directory, because threads that write cannot share SQLite in memory.
"""
