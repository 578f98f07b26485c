"""Workers: a queued job is taken and done in a child process of its own; the web and the work meet in the store."""
