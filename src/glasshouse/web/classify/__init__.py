"""Classify One and Classify Many: pictures in, answers out."""
