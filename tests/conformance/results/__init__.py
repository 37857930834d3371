"""Unit tests of `conformance/results/`."""
