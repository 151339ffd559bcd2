"""Let the tests of this folder read what ``rerun.py`` says about the notebooks and the README."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
