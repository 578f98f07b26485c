"""Home: what runs, the lists of models and datasets, actions on several of them, workers and the queue."""
