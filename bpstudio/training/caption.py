"""What a person calls a run: its title, and names of their own for its units and weights.

Nothing is computed from it and no digit depends on it. It belongs to the run all the same, because what undo brings
back is the whole of what stood there, its names included.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network


@dataclass(frozen=True, slots=True)
class Caption:
    """``names`` are pairs (address, name) such as ("w5", "v11"), read as the addresses of a network of these
    ``sizes`` (inputs first): an edit that changes the sizes also changes what is called w5. ``network`` is that network
    where sizes alone do not tell its weights, because not all of its layers are dense.
    """

    title: str = ""
    names: tuple[tuple[str, str], ...] = ()
    sizes: tuple[int, ...] = ()
    network: Network | None = None

    @classmethod
    def of(cls, title: str, names: tuple[tuple[str, str], ...], network: Network) -> Caption:
        """What a run of this network is called."""
        is_dense = all(isinstance(layer, Dense) for layer in network.layers)
        return cls(title, names, network.sizes, None if is_dense else network)

    @property
    def addresses(self) -> Network | tuple[int, ...]:
        """That of which ``names`` has the addresses: the network, or the sizes of dense layers."""
        return self.sizes if self.network is None else self.network


UNNAMED = Caption()
