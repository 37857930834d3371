"""The reports of a run, each read back by a tool that is not ours."""
