"""Finished models over HTTP, for other programs: ``glasshouse serve``."""
