"""Unit tests of `conformance/judge/`."""
