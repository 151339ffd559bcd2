"""Let the suites here and the thorough run share the law's own package, ``law``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
