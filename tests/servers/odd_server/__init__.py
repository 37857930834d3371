"""A correct server that makes every legal odd choice, written from the contract alone.

Its habits are drawn once from a seed: which odd values it refuses, which optional fields it never shows. Its whims are
drawn for every answer: the order of members, the spelling of numbers and dates, the shape of errors, delays, 429.
Start it with `python -m tests.servers.odd_server --seed 1`.
"""
