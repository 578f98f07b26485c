"""Networks: the catalogue, building for the pictures and classes at hand, and weights."""
