"""The process that renders one diagram: JSON with `source` and `config` on standard input, `svg` or `error` on output.

Mermaid runs in a JavaScript engine that has no time limit of its own, so the parent starts this file as a program and
stops it when it takes too long.
"""

import json
import os
import sys

import mermaidx


def main() -> None:
    """Render the diagram on standard input and end the process."""
    request = json.load(sys.stdin)
    try:
        answer = {"svg": mermaidx.render(request["source"], config=request["config"]).svg()}
    except RuntimeError as error:
        answer = {"error": str(error)}
    json.dump(answer, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # an ordinary exit waits while mermaidx prepares for a next diagram


if __name__ == "__main__":
    main()
