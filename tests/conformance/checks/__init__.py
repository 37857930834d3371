"""Unit tests of `conformance/checks/`."""
