"""The command line `budayang`. It may import everything; each command loads only its own program."""
