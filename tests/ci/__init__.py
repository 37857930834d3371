"""The recipes for CI systems, as far as they run without them."""
