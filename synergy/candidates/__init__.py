"""Network + Scope -> Candidates: preprocessing that rules out exchanges, builds and links, with reasons."""
