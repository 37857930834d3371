"""What goes over the wire: requests, responses, the transport, and how to repeat a request in a shell."""
