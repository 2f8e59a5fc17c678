"""The packages that made a result."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGES = ("ntkreg", "numpy", "scipy", "pandas", "scikit-learn", "lightgbm", "torch", "shap")


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that numbers depend on."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "-"
    return versions
