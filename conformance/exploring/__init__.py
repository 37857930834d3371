"""Explores a target over many requests: walks through histories beside a reference, and what Schemathesis makes up."""
