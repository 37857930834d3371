"""A correct server on Django REST framework, written from the contract alone.

It has the framework's ways (trailing slashes, errors by field, a table with a unique constraint), but its fields are
strict: they neither coerce nor trim. Start it with `python -m tests.servers.django_server`; its table lies in a
temporary directory, for SQLite in memory cannot be shared by threads that write.
"""
