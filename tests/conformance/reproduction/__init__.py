"""Printed reproductions, pasted into a shell."""
