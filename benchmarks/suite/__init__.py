"""What a run of the suite costs."""
