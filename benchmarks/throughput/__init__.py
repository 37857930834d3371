"""Throughput, memory and start-up time of the mock, compared with a ceiling, Prism and Scalar in the same run."""
