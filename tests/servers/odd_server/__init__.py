"""A correct server that makes every allowed odd choice, written from the contract alone.

A seed determines its habits: which unusual values it rejects, which optional fields it never returns. Every response
varies at random: the order of members, the spelling of numbers and dates, the shape of errors, delays, 429.
Start it with `python -m tests.servers.odd_server --seed 1`.
"""
