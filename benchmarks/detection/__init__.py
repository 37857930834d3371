"""How many mutants the suite detects, beside plain Schemathesis on the same servers and the same contract."""
