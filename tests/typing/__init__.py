"""The types of the public API, checked by mypy and by running them."""
