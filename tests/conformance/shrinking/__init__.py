"""How the stories of findings are made short."""
