"""`python -m papercoder.cli`."""

from papercoder.cli import main

if __name__ == "__main__":
    main()
