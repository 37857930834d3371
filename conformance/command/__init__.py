"""The parts of the command `respan-conformance`, each of which is imported when it is asked for."""
