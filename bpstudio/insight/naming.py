"""Names of a person's own in a network: which may be given, which element one means, and where they go with it.

`own_names` says how a name is written; here it is checked against what the network has. Two things never have the same
name as it is read: w13, w_13 and w₁₃ are one. A name may be what the program would call another element only when that
one has a name of its own too, as on sheets that number the weights in another order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from bpstudio.engine.network import Network
from bpstudio.insight import own_names
from bpstudio.insight.elements import Edge, Element, Kernel, KernelEntry, Map, Names, Pixel, Target, Unit
from bpstudio.insight.own_names import LONGEST, Pairs
from bpstudio.insight.phrase import Phrase, plain

Sizes = Network | Sequence[int]
"""A network, or the sizes of dense layers, inputs first."""
_NAMED = Unit | Edge | Target | Map | Pixel | Kernel | KernelEntry


class NamingError(ValueError):
    """Why a name cannot be given; `address` is what was to have it."""

    def __init__(self, address: str, phrase: Phrase) -> None:
        super().__init__(f"names.{address}: {phrase.text}")
        self.address = address
        self.phrase = phrase


def checked(names: Mapping[str, str] | Iterable[tuple[str, str]], sizes: Sizes) -> Pairs:
    """The names by address, tidied, for a network.

    Raises:
        NamingError: for an address that the network does not have or that has no name to give, and for a name that is
            empty, longer than `LONGEST`, not visible, or taken.
    """
    network = Names.of(sizes)
    seen: dict[str, str] = {}
    result: dict[str, str] = {}
    for address, name in dict(names).items():
        try:
            element = network.find(address)
        except ValueError as error:
            raise NamingError(address, plain(str(error))) from None
        if not isinstance(element, _NAMED) or network.element(element) != address:
            raise NamingError(address, Phrase("This cannot have a name: units, weights, biases, maps and targets can."))
        result[address] = _tidied(address, name)
    for address, name in result.items():
        read = own_names.text(name)
        if read in seen:
            values = {"name": name, "first": seen[read], "second": address}
            raise NamingError(address, Phrase("“{name}” stands there twice: for {first} and for {second}.", values))
        seen[read] = address
    for address in seen.values():
        other = _plainly(network, result[address])
        if other is not None and other not in (address, *result):
            values = {"name": result[address], "other": other}
            raise NamingError(
                address, Phrase("“{name}” is what {other} is called. Give {other} another name first.", values)
            )
    return own_names.pairs(result)


def with_name(names: Pairs, sizes: Sizes, element: Element, name: str) -> Pairs:
    """The names with one given, or with an empty text taken back. Raises NamingError."""
    address = Names.of(sizes).element(element)
    rest = {known: text for known, text in names if known != address}
    return checked(rest | ({address: name} if name.strip() else {}), sizes)


def find(names: Pairs, sizes: Sizes, text: str) -> Element:
    """The element that a person means: by its own name first, in any case of writing, then by the program's.

    Raises ValueError for what is no name here.
    """
    network, wanted = Names.of(sizes), own_names.text(text.strip())
    for address, name in names:
        if own_names.text(name) == wanted:
            return network.find(address)
    return network.find(text)


def moved(names: Pairs, old: Sizes, new: Sizes) -> Pairs:
    """The names of a network `old` on a network `new`: each stays with its element where that still is.

    Inputs and outputs stay what they are. Hidden layers count from the first; where layers were taken away, nobody
    knows which, and what is hidden loses its names.
    """
    if not names:
        return names
    before, after = Names.of(old), Names.of(new)
    if before.sizes == after.sizes:
        return names
    same_front = len(after.sizes) == len(before.sizes) or after.sizes[: before.depth] == before.sizes[:-1]

    def layer(number: int) -> int | None:
        if number == 0:
            return 0
        if number == before.depth:
            return after.depth
        return number if same_front else None

    def element(each: Element) -> Element | None:
        if isinstance(each, Unit):
            at = layer(each.layer)
            return None if at is None else Unit(at, each.index)
        if isinstance(each, Edge):
            to, source = layer(each.layer), layer(each.layer - 1)
            if to is None or (source != to - 1 and not each.is_bias):
                return None
            return Edge(to, each.to, each.source)
        if not isinstance(each, Map | Pixel | Kernel | KernelEntry):
            return each
        # An image moves with its layer, whatever its place in the file.
        at = layer(each.layer)
        return None if at is None else dataclasses.replace(each, layer=at)

    result = {}
    for address, name in names:
        try:
            there = element(before.find(address))
        except ValueError:  # known by sizes alone, where it had images
            continue
        if there is not None and after.has(there):
            result[after.element(there)] = name
    # A name can only be in the way of an element that came new.
    taken = {address for address, name in result.items() if _plainly(after, name) not in (None, address, *result)}
    return own_names.pairs({address: name for address, name in result.items() if address not in taken})


def _tidied(address: str, name: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise NamingError(address, Phrase("Type a name."))
    name = name.strip()
    if not name.isprintable():
        raise NamingError(address, Phrase("A name is one line of characters that can be seen."))
    if len(name) > LONGEST:
        values = {"most": str(LONGEST), "count": str(len(name))}
        raise NamingError(address, Phrase("A name has at most {most} characters; this one has {count}.", values))
    return name


def _plainly(network: Names, name: str) -> str | None:
    """The address that this name is anyway, if any; C is a letter that a unit may have."""
    try:
        element = network.find(own_names.plain_digits(own_names.text(name)))
    except ValueError:
        return None
    return network.element(element) if isinstance(element, _NAMED) else None
