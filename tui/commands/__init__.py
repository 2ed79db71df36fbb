"""The subcommands, one module each. `cli` imports all of them, so they import everything else late."""
