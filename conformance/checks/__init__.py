"""The requirements, one test function each, in files laid out like the contract."""
