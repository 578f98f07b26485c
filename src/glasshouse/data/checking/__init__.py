"""Reading every picture once: what cannot be used and what is odd."""
