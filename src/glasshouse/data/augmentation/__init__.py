"""Changes of a batch on its device: geometry, colour, erasing, mixing."""
