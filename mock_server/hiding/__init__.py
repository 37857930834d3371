"""What looks like a secret, by one list of names, and how it is hidden. It imports nothing else of the mock."""
