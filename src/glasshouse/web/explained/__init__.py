"""The Studio's pages by subject: one picture within a model, why it gave its answer, and the checks of that."""
