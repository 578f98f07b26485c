"""What a network does, opened: one picture's way through it, and the way back of the derivative."""
