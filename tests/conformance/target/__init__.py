"""Unit tests of `conformance/target/`."""
