"""Makes request bodies from the contract: values that every server takes, odd ones, and wrong ones."""
