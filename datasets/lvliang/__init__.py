"""The coal, coke and chemical chain of Lvliang: source tables, the script that turns them into tables, the tables."""
