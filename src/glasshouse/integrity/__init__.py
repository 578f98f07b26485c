"""Whether what is read is what was written: checksums of documents, files and blocks of files; no torch."""
