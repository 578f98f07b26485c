"""What went into a training, and what comes out."""
