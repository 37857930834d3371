"""The checks of the requirements, one test function each, in files named after their sections."""
