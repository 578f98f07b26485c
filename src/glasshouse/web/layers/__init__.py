"""What the layers of a model see: filters with the patches that excite them, and numbers of every layer."""
