"""Runs the experiments; `python main.py --help` lists the options."""

import sys

from trials import main

if __name__ == "__main__":
    sys.exit(main("kiln.experiments"))
