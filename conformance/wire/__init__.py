"""HTTP: requests, responses, transports, and shell commands that repeat requests."""
