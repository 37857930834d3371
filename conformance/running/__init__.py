"""Runs the checks: one run of the suite under pytest, from the first look at the target to the last delete."""
