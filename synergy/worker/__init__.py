"""The worker: takes runs from the store, solves them in a process of their own, publishes what they brought."""
