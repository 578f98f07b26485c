"""Where files come from (folder, zip, tar) and where their labels come from (folders, pattern, table, list, idx)."""
