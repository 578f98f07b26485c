"""Why a network gave its answer: maps of evidence over the picture, each method in the file of its name."""
