"""Let the suites here and the thorough run share the law's own package, ``law``."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("untimed")

sys.path.insert(0, str(Path(__file__).parent))
