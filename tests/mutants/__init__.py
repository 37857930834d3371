"""Broken servers, each the plain server with one real bug, and the kill matrix that proves the suite with them.

A mutant is named after its bug, its docstring says what it does wrong, and `trips` names the requirements that a strict
run must find unmet: those and no others.
"""
