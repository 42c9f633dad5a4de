"""`python -m benchmarks [FOLDER]`: measure everything, print it, and write RESULTS.md with its plots."""

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import many, overhead, reading, repair, resumption, speed, startup
from benchmarks.machine import this_machine
from benchmarks.results import Section, write_results
