"""`python -m synergy` is the command `synergy`."""

from synergy.cli.main import main

if __name__ == "__main__":
    main()
