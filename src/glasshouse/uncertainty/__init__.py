"""What a model does not know: how familiar a picture is, and lists of answers with a promise. NumPy alone."""
