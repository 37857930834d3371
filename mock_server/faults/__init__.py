"""Faults: the mock fails as it was told, so that its users see what their page does then.

`rule` says what a rule may be, `book` keeps the rules, `effects` finds those that a request meets and does what they
say.
"""
