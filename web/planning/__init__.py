"""What the pages of planners are made of: a round as it is seen, its tables and its pictures; no addresses in it."""
