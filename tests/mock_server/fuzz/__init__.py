"""The mock under input that Hypothesis makes up: bytes, and structures that are nearly valid.

A usual test run makes few examples. `FUZZ=long` (`tox -e fuzz`) makes many more, and others each time.
"""
