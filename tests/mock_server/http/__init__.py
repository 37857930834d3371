"""What the mock does with HTTP itself, below its operations."""
