"""Plans and rounds as plain JSON: the one public contract of files, command line and API."""
