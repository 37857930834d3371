"""Several workers under full load, while everything around them fails."""
