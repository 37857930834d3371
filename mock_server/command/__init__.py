"""The command `respan-mock`: its options, what it prints, and how it runs."""
