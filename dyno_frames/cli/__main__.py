"""``python -m dyno_frames.cli``: run the command line if its script is not on the path."""

from __future__ import annotations

import sys

from dyno_frames.cli import main

if __name__ == "__main__":
    sys.exit(main())
