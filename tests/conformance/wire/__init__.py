"""Unit tests of `conformance/wire/`."""
