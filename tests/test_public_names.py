"""The front door: a short list of names, none of which costs anything before it is used."""

import subprocess
import sys

import pytest

import ntkreg


@pytest.mark.parametrize("name", ntkreg.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(ntkreg, name).__doc__


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = ntkreg.nothing


def test_importing_the_package_imports_nothing_else():
    code = "import sys, ntkreg; sys.exit('numpy' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
