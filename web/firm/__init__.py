"""What enterprises see of their proposals, in words and pictures."""
