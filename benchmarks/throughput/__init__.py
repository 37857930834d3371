"""Throughput, memory and start-up time of the mock, compared with a ceiling and Prism in the same run."""
