"""Where a step stopped being finite."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from bpstudio.training.checks import one_of, whole
from bpstudio.training.plain_values import plain_number, read_index, read_number, read_record

QUANTITIES = ("z", "a", "loss", "delta", "dW", "db", "update_W", "update_b")
"""What can be the first that is not finite, in the order of the walk."""


@dataclass(frozen=True, slots=True)
class NonFinite:
    """Where a step first became NaN or infinite, in the order of the walk: ``layer`` counts from 1, ``index`` is
    (row, unit), (unit, input) or (unit,) by ``quantity`` (z, a, loss, delta, dW, db, update_W, update_b).
    """

    step: int
    layer: int
    quantity: str
    index: tuple[int, ...]
    value: float

    def to_dict(self) -> dict[str, Any]:
        """The place as plain values, as JSON has them."""
        return {**dataclasses.asdict(self), "index": list(self.index), "value": plain_number(self.value)}

    @classmethod
    def from_dict(cls, values: object, path: str = "nonfinite") -> NonFinite:
        """The place that ``to_dict`` wrote. Raises ValueError, with the path of the field, for anything else."""
        given = read_record(path, values, "step", "layer", "quantity", "index", "value")
        whole(f"{path}.step", given["step"], 0)
        whole(f"{path}.layer", given["layer"], 1)
        one_of(f"{path}.quantity", given["quantity"], QUANTITIES)
        value = read_number(f"{path}.value", given["value"])
        if math.isfinite(value):
            raise ValueError(f"{path}.value: expected NaN or infinity, got {value!r}")
        return cls(given["step"], given["layer"], given["quantity"], read_index(f"{path}.index", given["index"]), value)
