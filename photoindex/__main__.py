"""`python -m photoindex` is the same as the command `photoindex`."""

from photoindex.cli import main

if __name__ == "__main__":
    main()
