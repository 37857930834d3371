"""Measurements: side by side with a peer, in one run, as ratios."""
