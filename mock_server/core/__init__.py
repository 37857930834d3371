"""What the mock does with models: the pure core, and the store and clock that it is given."""
