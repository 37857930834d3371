"""The journal: what was asked of the mock lately, what it returned, and why.

`recorder` writes exchanges down as cheaply as it can, `journal` keeps them, and `entry` makes something to read of one,
when somebody asks.
"""
