"""Correct servers of the endpoint in several stacks, and conforming variants of one of them.

They are written by hand from the contract, as a vendor would, and share no code with the mock server or the suite: a
shared misreading would stay unnoticed. All of them start with the fixtures of `fixtures.json`.
"""
