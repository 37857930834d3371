"""The subcommands of `respan-conformance`, each imported on use."""
