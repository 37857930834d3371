"""The mock and the suite as distributions of their own: what each contains and needs, and what it says of the other."""
