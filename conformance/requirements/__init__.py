"""What the suite asks: each requirement by its ID, with its level, its clause and the check that judges it."""
