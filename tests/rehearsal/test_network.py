"""Rehearsals that are up at once: which is meant, and that none has anything of another's."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import chain

import pytest

from offline.render import PROJECT
from rehearsal.machine.network import VARIABLE, parse

_ADDRESSES = """
from rehearsal.machine import addresses, platform
for each in (*addresses.FIXED, *addresses.OF_A_CLUSTER, *addresses.OF_A_MESH):
    print(each.host)
for network in (addresses.STORE_NETWORK, addresses.HOST_NETWORK, addresses.PROXY_NETWORK):
    print(network)
print(addresses.DEAD_POD)
print(platform.STATE)
"""


def _run(*command: str, network: str | None) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != VARIABLE}
    chosen = {} if network is None else {VARIABLE: network}
    return subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env=inherited | chosen,
        capture_output=True,
        text=True,
        check=False,
    )


def _taken(network: str | None) -> list[str]:
    done = _run("-c", _ADDRESSES, network=network)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_each_has_addresses_and_a_directory_of_its_own() -> None:
    taken = [set(_taken(str(number))) for number in range(5)]
    every = frozenset(chain.from_iterable(taken))
    assert len(every) == sum(map(len, taken))
    assert all(each.startswith(("127.", "/")) for each in every)
    # Those of tests, which run beside them.
    assert not [each for each in every if each.startswith("127.6")]


def test_who_says_nothing_means_the_first() -> None:
    assert _taken(None) == _taken("0")


@pytest.mark.parametrize("text", ["", "5", "-1", "01", "second"])
def test_a_number_that_is_none_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="from 0 to 4"):
        parse(text)
    refused = _run("-m", "rehearsal", "status", network=text)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"rehearsal: {VARIABLE} is {text!r}: ")
    assert "Traceback" not in refused.stderr
