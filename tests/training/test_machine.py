import platform
import subprocess
import sys

import pytest
import torch

from goodviews.training.machine import reuse_memory

glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other allocators are left alone"
)


PAGES = """
import resource, torch
from goodviews.training.machine import reuse_memory

def pages_asked_for(turns):
    torch.zeros(16 << 20).add_(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(turns):
        torch.zeros(16 << 20).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

with reuse_memory(torch.device("cpu")):
    print(pages_asked_for(8))
print(pages_asked_for(8))
"""
"""Counts the pages that the system gives while 64 MB are written and freed, again and again.

It runs in a process of its own, where no hole of another test is large enough for the 64 MB.
"""


@glibc
def test_memory_stays_while_a_model_trains_and_goes_back_afterwards():
    pages = (64 << 20) // 4096
    words = [sys.executable, "-c", PAGES]
    during, after = map(int, subprocess.run(words, capture_output=True, check=True).stdout.split())
    assert during <= 2 * pages
    assert after >= 8 * pages // 512  # huge pages hold 512


@glibc
def test_it_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("GOODVIEWS_KEEP_MEMORY", "0")
    called = []
    monkeypatch.setattr("ctypes.CDLL", lambda name: called.append(name))
    with reuse_memory(torch.device("cpu")):
        pass
    assert not called


def test_other_devices_and_allocators_are_left_alone(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: pytest.fail("asked for the C library"))
    with reuse_memory(torch.device("cuda")):
        pass
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    with reuse_memory(torch.device("cpu")):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="counts the pages of Linux")
def test_an_error_inside_is_not_swallowed():
    with pytest.raises(RuntimeError, match="inside"), reuse_memory(torch.device("cpu")):
        raise RuntimeError("inside")
