"""Is an explanation worth believing? Checks of a method on a model, each with a value, a limit and a reason."""
