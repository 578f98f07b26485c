"""The Studio's pages by subject: a dataset's pictures as a map, by what a model makes of them."""
