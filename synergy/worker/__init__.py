"""Worker: claims runs from the store, solves them in a child process, and publishes the results."""
