"""Changing a dataset by hand: edits as data, read from a table, applied to the rows, written as a new version."""
