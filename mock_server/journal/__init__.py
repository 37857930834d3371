"""The journal: what was asked of the mock lately, what it answered, and why.

`recording` writes exchanges down as cheaply as it can; `entry` makes something to read of one, when somebody asks.
"""
