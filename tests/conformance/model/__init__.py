"""Unit tests of `conformance/model/`."""
