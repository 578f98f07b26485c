"""Trees of files, wherever they lie: folders, zip and tar."""
