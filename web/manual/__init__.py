"""The manual: chapters in Markdown by reader, the same files that the pages serve under Help."""
