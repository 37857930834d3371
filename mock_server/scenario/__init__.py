"""A scenario: what a mock starts from, in one file that people write and share. It is read and never written."""
