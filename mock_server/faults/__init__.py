"""Faults: the mock fails as it was told, so that its users see what their page does then.

`rule` says what a rule may be, `book` keeps the rules, `matching` tells whether a request meets one, `effects` does
what it says.
"""
