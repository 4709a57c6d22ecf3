"""What decides the last bits of a run besides its description.

A replay is bitwise on one machine. Another NumPy, BLAS, processor kernel or number of threads may add the same numbers
in another order, and the last digits differ. A saved run says where it was made, so that nobody has to wonder.
"""

from __future__ import annotations

import platform
from functools import cache
from typing import Any

import numpy as np

import bpstudio


@cache
def _fingerprint() -> tuple[tuple[str, str], ...]:
    build: dict[str, Any] = np.show_config(mode="dicts")  # type: ignore[assignment]  # NumPy's stub says None
    blas = build.get("Build Dependencies", {}).get("blas", {})
    kernels = build.get("SIMD Extensions", {})
    newest = (kernels.get("found") or kernels.get("baseline") or ["none"])[-1]
    return (
        ("bpstudio", bpstudio.__version__),
        ("numpy", np.__version__),
        ("blas", f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()),
        ("kernel", f"{platform.machine()} {newest}"),
        ("threads", "1" if bpstudio.blas_pinned else "not pinned"),
    )


def fingerprint() -> dict[str, str]:
    """Name and value of everything that can change the last digits; equal fingerprints replay bitwise."""
    return dict(_fingerprint())
