"""Checks any implementation of the contract: a pytest plugin, its checks, and the command `respan-conformance`."""
