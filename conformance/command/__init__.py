"""The parts of the command `respan-conformance`: reading what it is given, checking that, and running."""
