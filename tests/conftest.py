"""Makes ``tests/`` importable for the modules that several test files share, such as ``pictures``."""
