"""The plugin in a test run of somebody's own."""
