"""The subcommands of the command line, a module each. For `cli`, which imports them all: they import the rest late."""
