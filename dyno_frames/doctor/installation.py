"""Check Python, the packages, the front end of widgets, and fonts."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from dyno_frames.doctor.check import Check, Status

PACKAGE = "dyno_frames"
_DEVELOPMENT = frozenset({"bench", "dev", "test"})
_FRONT_ENDS = {"ipywidgets": "@jupyter-widgets/jupyterlab-manager", "anywidget": "anywidget"}


def python() -> Check:
    """Check the version of Python against the bounds of the installed package."""
    running = platform.python_version()
    try:
        wanted = "".join(metadata(PACKAGE).get_all("Requires-Python") or ())
    except PackageNotFoundError:
        return Check("python", Status.FAILED, f"{PACKAGE} is not installed", "pip install dyno_frames")
    if SpecifierSet(wanted).contains(running, prereleases=True):
        return Check("python", Status.OK, f"{running} in {sys.prefix}")
    cure = f"Install Python {wanted}, and create the environment again"
    return Check("python", Status.FAILED, f"{running}, and {PACKAGE} needs {wanted}", cure)


def packages() -> Check:
    """Check the installed packages against the bounds in the package's metadata, those of extras too."""
    required = [Requirement(text) for text in requires(PACKAGE) or ()]
    base = [one for one in required if _applies(one)]
    wrong = [fault for one in base if (fault := _fault(one))]
    if wrong:
        return Check("packages", Status.FAILED, "; ".join(wrong), f"pip install {_arguments(base)}")
    extras = set(metadata(PACKAGE).get_all("Provides-Extra") or ()) - _DEVELOPMENT
    optional = [one for one in required if one not in base and any(_applies(one, extra) for extra in extras)]
    outside = [one for one in optional if _installed(one.name) and _fault(one)]
    if outside:
        finding = "; ".join(sorted({_fault(one) for one in outside}))
        return Check("packages", Status.WARNING, finding, f"pip install {_arguments(outside)}")
    return Check(
        "packages", Status.OK, f"{PACKAGE} {version(PACKAGE)}, and its {len(base)} packages are in bounds"
    )


def _applies(requirement: Requirement, extra: str = "") -> bool:
    """Return whether a package needs a requirement on this machine, with an extra or without one."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _fault(requirement: Requirement) -> str:
    """Return why a requirement is not met, or an empty text."""
    found = _installed(requirement.name)
    if found is None:
        return f"{requirement.name} is not installed"
    if requirement.specifier.contains(found, prereleases=True):
        return ""
    return f"{requirement.name} is {found}, outside {requirement.specifier}"


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _arguments(requirements: list[Requirement]) -> str:
    wrong = {f"'{one.name}{one.specifier}'" for one in requirements if _fault(one)}
    return " ".join(sorted(wrong))


def widgets() -> Check:
    """Check that the front end of the widgets is installed, enabled and of the right version."""
    found = {name: _installed(name) for name in ("jupyterlab", "notebook", *_FRONT_ENDS)}
    shown = ", ".join(f"{name} {number}" for name, number in found.items() if number)
    present = [name for name in _FRONT_ENDS if found[name]]
    wrong = [fault for name in present for fault in _unmet(name)]
    if wrong:
        cure = "pip install --upgrade ipywidgets, then restart JupyterLab and reload its page"
        return Check("widgets", Status.FAILED, f"{shown}; {'; '.join(wrong)}", cure)
    if find_spec("jupyter_core") is None:
        finding = f"{shown}; JupyterLab is not installed here"
        return Check(
            "widgets", Status.SKIPPED, finding, "For panels in JupyterLab: pip install 'dyno_frames[lab]'"
        )
    faults = [fault for name in present for fault in _front_end_faults(_FRONT_ENDS[name])]
    if faults:
        cure = "pip install --force-reinstall jupyterlab_widgets, jupyter labextension enable NAME, and reload the page"
        return Check("widgets", Status.FAILED, f"{shown}; {'; '.join(faults)}", cure)
    return Check("widgets", Status.OK, shown)


def _unmet(name: str) -> list[str]:
    """Return why the requirements of an installed package are not met."""
    required = [one for one in map(Requirement, requires(name) or ()) if _applies(one)]
    return [fault for one in required if (fault := _fault(one))]


def _front_end_faults(extension: str) -> Iterator[str]:
    from jupyter_core.paths import jupyter_config_path, jupyter_path

    if not any(Path(folder, extension, "package.json").is_file() for folder in jupyter_path("labextensions")):
        yield f"the JupyterLab extension {extension} is not installed"
    for folder in jupyter_config_path():
        settings = Path(folder, "labconfig", "page_config.json")
        try:
            disabled = json.loads(settings.read_text(encoding="utf-8")).get("disabledExtensions", {})
        except (OSError, ValueError, AttributeError):
            continue
        if isinstance(disabled, dict) and disabled.get(extension) is True:
            yield f"the JupyterLab extension {extension} is disabled in {settings}"


def fonts() -> Check:
    """Check that the fonts of plots are installed."""
    from dyno_frames.plots.fonts import missing_families

    missing = missing_families()
    if missing is None:
        return Check(
            "fonts", Status.SKIPPED, "the first plot lists the fonts of this machine, which takes seconds"
        )
    if missing:
        finding = f"matplotlib is configured to use fonts that are not installed: {', '.join(missing)}"
        cure = "Install them and delete matplotlib's cache (matplotlib.get_cachedir()), or change font.family"
        return Check("fonts", Status.FAILED, finding, cure)
    return Check("fonts", Status.OK, "the fonts of plots are installed")
