"""How many broken servers the suite finds, beside plain Schemathesis on the same servers and the same contract."""
