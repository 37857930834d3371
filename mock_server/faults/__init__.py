"""Faults that the mock injects on request, so that tests see how a client handles them.

`rule` reads one rule, `rules` holds the active ones and counts how often each applies, `effects` finds the rules that a
request matches and applies their effects.
"""
