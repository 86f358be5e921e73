"""Plan -> Explanation: why an exchange is in the plan or not, and the changes that would add or remove it."""
