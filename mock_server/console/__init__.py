"""The console: a page on the admin API that shows requests and models, and injects faults."""
