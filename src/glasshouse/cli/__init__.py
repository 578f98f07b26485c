"""The command line: one file a command; what a command runs is imported inside it, so that --help is quick."""
