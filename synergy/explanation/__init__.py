"""Plan -> Explanation: why an exchange is in the plan or not, and what would bring it in or throw it out."""
