"""The state of the mock, which is its custom models, as a JSON document and as a file."""
