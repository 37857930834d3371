"""Request bodies and values from the schemas of the contract: plain values, edge cases, and invalid ones."""
