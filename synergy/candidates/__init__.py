"""Network + Scope -> Candidates: which exchanges, builds and links can pay, and why the others cannot."""
