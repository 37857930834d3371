"""Mutants: servers with one real bug each. The kill matrix proves the suite with them.

A mutant is named after its bug, its docstring states the bug, and `kills` names the requirements that a strict run must
find unmet: those and no others.
"""
