"""The mock in the tests of those who use the endpoint: on a socket in a thread, or as an app without one."""
