"""From a source of pictures to a dataset on disk, and from there to batches; importing this loads no torch."""
