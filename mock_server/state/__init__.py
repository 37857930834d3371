"""The state of the mock, its custom models, as a document: to be looked at, replaced, and kept in a file."""
