"""The shortest request sequence that shows a finding: what it does not need is left out, and the rest is replayed."""
