"""The subcommands, one module each. `cli` imports the one that is named; that imports late what few uses need."""
