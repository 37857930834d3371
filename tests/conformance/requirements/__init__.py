"""Unit tests of `conformance/requirements/`."""
