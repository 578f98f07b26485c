"""Searches: asked for over the API, and their page while they go on and afterwards."""
