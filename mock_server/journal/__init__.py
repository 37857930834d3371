"""The journal: the latest requests to the mock, its responses, and why it rejected some.

`recorder` records raw exchanges at little cost, `journal` stores the latest, and `entry` turns one into a readable
form on demand.
"""
