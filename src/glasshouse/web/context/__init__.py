"""What every request rests on: who asks, on which store, what is allowed, and the jobs of a dataset or a model."""
