"""The Studio's pages by subject: the shortcut alarm of a model."""
