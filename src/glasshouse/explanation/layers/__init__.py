"""What the layers of a network see: their names, statistics, the pictures that excite their filters most."""
