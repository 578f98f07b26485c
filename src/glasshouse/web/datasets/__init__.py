"""Datasets: made, previewed, looked at, taken away."""
