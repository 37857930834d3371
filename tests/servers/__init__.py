"""Correct servers of the endpoint in several stacks, and lawful variants of one of them.

They are written from the contract by hand, as a vendor would, and share no code with the mock server or the suite: a
misreading shared with them could not be seen. All of them start with the same fixtures, those of `fixtures.json`.
"""
