"""The reference model of the semantics, stateful tests against it, and requests that Schemathesis generates."""
