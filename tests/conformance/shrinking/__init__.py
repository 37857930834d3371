"""The search for the shortest request sequence that shows a finding."""
