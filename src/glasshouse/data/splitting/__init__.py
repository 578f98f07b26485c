"""Twins, groups, and which picture goes to training, validation and test."""
