"""What the command's user can do wrong."""


class UsageError(Exception):
    """The command was called wrongly; the text says how to call it."""
