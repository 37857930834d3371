"""Makes the story of a finding short: exchanges and members of bodies that it does not take are left out.

Nothing is left out on trust: each shorter story is sent, under names of its own, and kept where it shows the same
requirement violated.
"""

from conformance.shrinking.shrinker import Shrinker

__all__ = ["Shrinker"]
