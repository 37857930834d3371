"""A reference model of the semantics, walks beside it, and requests that Schemathesis makes up."""
