"""HTML pages: one module per area, each with its blueprint `room`."""
