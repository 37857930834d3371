"""The implementation under test, as checks see it."""
