"""Whether the cost of a request grows with connections, stored models or time: tables and plots."""
