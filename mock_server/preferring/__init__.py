"""Answers on demand, by the Prefer field of a request."""
