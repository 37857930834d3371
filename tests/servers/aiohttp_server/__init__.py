"""A server of the endpoint on aiohttp whose state is folded from an append-only log of events."""
