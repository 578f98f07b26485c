"""The ladder: a run as code that runs on the level below it, and gives the same numbers there."""
