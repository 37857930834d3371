"""Unit tests of `conformance/generate/`."""
