"""Runs the checks: one run of the suite, from the first look at the target to the last delete."""
