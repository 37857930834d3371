"""The implementation under test: the way to it, what can be relied on, and the operations that checks send."""
