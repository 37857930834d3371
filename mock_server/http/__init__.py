"""What HTTP asks of a server beside its operations: bodies, paths, connections, other origins."""
