"""What a run is told: options, and where their values come from: arguments, the environment, a file."""
