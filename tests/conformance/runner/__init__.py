"""Unit tests of `conformance/runner/`."""
