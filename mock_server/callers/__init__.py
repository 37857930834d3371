"""Who may call: organizations with their keys, and bearer authentication."""
