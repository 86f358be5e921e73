"""Pages for people: one module a room, each with its blueprint `room`."""
