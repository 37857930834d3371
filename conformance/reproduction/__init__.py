"""Makes the story of a finding short: exchanges and members of bodies that it does not take are left out."""
