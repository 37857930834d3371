"""HTTP, apart from the operations: connections, routing, bodies, errors, and other origins."""
