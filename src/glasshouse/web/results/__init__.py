"""The result of a model: scores, mistakes, the most confident answers, comparisons, files."""
