"""How the numbers of layers that are not dense come about, for the inspector: pixels with their windows and kernels,
numbers of kernels as sums over places, maps and kernels by what they have in common.
"""

from __future__ import annotations

import numpy as np

from bpstudio.engine.layers import AvgPool2D, Conv2D, Dropout, Flatten, MaxPool2D
from bpstudio.insight.derived import Derivation, Grid
from bpstudio.insight.elements import BIAS, Edge, Kernel, KernelEntry, Map, Pixel, Unit, pixel_of, unit_of
from bpstudio.insight.factors import Factor, Term, mask_factor, slope_factor, unit_title, value_notes
from bpstudio.insight.image_backward_lines import of_map as map_on_the_way_back
from bpstudio.insight.image_lines import how, part_of, summary
from bpstudio.insight.image_numbers import Laid, kernel_factors, kernel_terms, laid, pooled
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.writer import Writer
from bpstudio.maths.operations import Array

PASSING = (MaxPool2D, AvgPool2D, Flatten)
"""Layers that have no slope of their own: δ is the error."""
SHOWN_CHANNELS = 3
"""So many windows and kernels stand side by side; of more maps the rest is in the sum."""


# ---- pixels and units


def activation(w: Writer, unit: Unit) -> Derivation:
    """How a number of a layer that is not dense comes about on the way up."""
    layer, letters = w.network.layers[unit.layer - 1], w.letters
    symbol_tex = letters.tex("a", unit)
    factors: tuple[Factor, ...] = ()
    terms: tuple[Term, ...] = ()
    grids: tuple[Grid, ...] = ()
    notes: tuple[Phrase, ...] = ()
    title: Phrase | None = None
    if isinstance(layer, Conv2D):
        place = laid(w.numbers, pixel_of(w.network.shapes[unit.layer], unit))
        terms, grids, notes = _products(w, place), _side_by_side(place, layer), _about_window(w, place, layer)
        factors = _through_function(w, unit, _products_phrase(w, place, layer))
        tex = rf"{symbol_tex} = {letters.function_tex(unit)}\left({letters.tex('z', unit)}\right)"
    elif isinstance(layer, MaxPool2D | AvgPool2D):
        terms, title, tex = _pooled(w, unit, symbol_tex)
    elif isinstance(layer, Dropout):
        slopes = w.numbers.slope(unit.layer)
        mask = (mask_factor(w, unit, float(slopes[unit.index])),) if slopes is not None else ()
        factors, tex = (_came_in(w, unit), *(() if w.numbers.is_mean else mask)), rf"{symbol_tex} = m \cdot x"
    elif isinstance(layer, Flatten):
        factors, tex = (_came_in(w, unit),), f"{symbol_tex} = x"
    else:
        factors = _through_function(w, unit, Phrase("what came in"))
        tex = rf"{symbol_tex} = {letters.function_tex(unit)}\left({letters.tex('z', unit)}\right)"
    if factors and not isinstance(layer, Dropout | Flatten):
        notes += value_notes(w, unit)
    return Derivation(
        target=unit,
        quantity="activation",
        title=unit_title(w, unit),
        symbol=letters.text("a", unit),
        symbol_tex=symbol_tex,
        tex=tex,
        factors=factors,
        result=float(w.numbers.a(unit.layer)[unit.index]),
        terms=terms,
        beat_address=f"forward/{letters.names.unit(unit)}",
        notes=notes,
        grids=grids,
        terms_title=title,
    )


def _came_in(w: Writer, unit: Unit) -> Factor:
    below = Unit(unit.layer - 1, unit.index)
    value = float(w.numbers.a(below.layer)[below.index])
    name = w.letters.activation(below)
    return Factor("x", name, Phrase("what came in"), plain(name), value, "input", below)


def _through_function(w: Writer, unit: Unit, formula: Phrase) -> tuple[Factor, ...]:
    """z, and the slope of the function there."""
    letters, z = w.letters, float(w.numbers.z(unit.layer)[unit.index])
    weighted = Factor(
        letters.tex("z", unit), letters.text("z", unit), Phrase("weighted input"), formula, z, "input", unit
    )
    slopes = w.numbers.slope(unit.layer)
    if slopes is None or w.numbers.is_mean:
        return (weighted,)
    return weighted, slope_factor(w, unit, float(slopes[unit.index]))


def _products_phrase(w: Writer, place: Laid, layer: Conv2D) -> Phrase:
    count = {"count": str(place.seen.size)}
    return Phrase(
        {
            1: "Σ window · kernel + b ({count} products)",
            -1: "Σ window · kernel − θ ({count} products)",
            0: "Σ window · kernel ({count} products)",
        }[layer.bias_sign],
        count,
    )


def _products(w: Writer, place: Laid) -> tuple[Term, ...]:
    """Each number of the kernel times the pixel that it lies on, and the bias; what lies outside the image is 0."""
    pixel, letters = place.pixel, w.letters
    layer = w.network.layers[pixel.layer - 1]
    assert isinstance(layer, Conv2D)
    found = []
    for (channel, u, v), column in np.ndenumerate(place.columns):
        if not place.inside[u, v]:
            continue
        row = pixel.row * layer.stride[0] - layer.padding[0] + u
        below = Pixel(pixel.layer - 1, channel, row, pixel.column * layer.stride[1] - layer.padding[1] + v)
        seen = unit_of(w.network.shapes[below.layer], below)
        edge = Edge(pixel.layer, pixel.channel, int(column))
        weight, x = float(place.kernel[channel, u, v]), float(place.seen[channel, u, v])
        found.append(Term(letters.edge(edge), weight, letters.activation(seen), x, weight * x, edge))
    if layer.has_bias:
        bias = Edge(pixel.layer, pixel.channel, BIAS)
        value, sign = w.weight(bias), float(layer.bias_sign)
        found.append(Term(letters.edge(bias), value, "" if sign > 0 else "(−1)", sign, sign * value, bias))
    return tuple(found)


def _side_by_side(place: Laid, layer: Conv2D) -> tuple[Grid, ...]:
    """The window and the kernel that lies on it, map by map."""
    turned = layer.mode == "convolution"
    found = []
    for channel in range(min(len(place.seen), SHOWN_CHANNELS)):
        number = {"map": str(channel + 1)}
        window = Phrase("window in map {map}", number) if len(place.seen) > 1 else Phrase("window")
        kernel = Phrase("kernel, turned by 180°") if turned else Phrase("kernel")
        found += [Grid(window, place.seen[channel]), Grid(kernel, place.kernel[channel])]
    return tuple(found)


def picture_grids(w: Writer, unit: Unit) -> tuple[Grid, ...]:
    """Of a unit that sees the whole picture: the picture, and the unit's weights as they lie over it.

    Among the inputs of one length those in proportion to the weights excite the unit most: the picture of the weights
    is what it looks for (Ng 2011, *Sparse autoencoder*).
    """
    shape = w.network.input_shape
    if unit.layer != 1 or shape is None or len(shape) != 2:
        return ()
    weights = w.frame.params.W[0][unit.index].reshape(shape)
    return (
        Grid(Phrase("the picture"), w.numbers.a(0).reshape(shape)),
        Grid(Phrase("its weights: what it looks for"), weights),
    )


def copy_grids(w: Writer) -> tuple[Grid, ...]:
    """Of a network that is to copy a picture: what it is to answer, and what it answers."""
    shape, task = w.network.input_shape, w.frame.dataset.task
    if shape is None or len(shape) != 2 or task != "regression" or w.network.outputs != w.network.inputs:
        return ()
    answer = w.numbers.a(w.depth).reshape(shape)
    return Grid(Phrase("the picture"), w.numbers.y().reshape(shape)), Grid(Phrase("the answer"), answer)


def _about_window(w: Writer, place: Laid, layer: Conv2D) -> tuple[Phrase, ...]:
    found: list[Phrase] = []
    if not place.inside.all():
        found.append(Phrase("the window sticks out of the image: zeros lie there"))
    hidden = len(place.seen) - SHOWN_CHANNELS
    if hidden > 0:
        rest = w.number(float(place.products[SHOWN_CHANNELS:].sum()))
        found.append(Phrase("{count} more maps add {sum}", {"count": str(hidden), "sum": rest}))
    return tuple(found)


def _pooled(w: Writer, unit: Unit, symbol_tex: str) -> tuple[tuple[Term, ...], Phrase, str]:
    found, letters = pooled(w.numbers, pixel_of(w.network.shapes[unit.layer], unit)), w.letters
    terms = []
    for number, (pixel, value) in enumerate(zip(found.pixels, found.values.tolist(), strict=True)):
        symbol, here = letters.activation(unit_of(w.network.shapes[pixel.layer], pixel)), pixel
        if found.won is None:
            terms.append(Term(symbol, value, f"· 1/{found.divisor}", 1 / found.divisor, value / found.divisor, here))
        elif number == found.won:
            terms.append(Term(symbol, value, "", 1.0, value, here, Phrase("the maximum")))
        else:
            lost = Phrase("{value}: not the maximum", {"value": w.number(value)})
            terms.append(Term(symbol, value, "", 0.0, 0.0, here, lost))
    count = {"count": str(len(found.pixels))}
    if found.won is None:
        title = Phrase("The mean of {count} pixels", count)
        return tuple(terms), title, rf"{symbol_tex} = \frac{{1}}{{{found.divisor}}} \sum x"
    return tuple(terms), Phrase("The greatest of {count} pixels", count), rf"{symbol_tex} = \max\, x"


# ---- numbers of kernels


def entry_title(w: Writer, edge: Edge) -> Phrase:
    """What a number of a kernel is called at the head of its explanation."""
    placed = w.letters.names.placed(edge)
    if not isinstance(placed, KernelEntry):
        map_name = {"map": w.letters.element(Map(edge.layer, edge.to))}
        return Phrase("Bias of {map}" if w.bias_sign(edge.layer) > 0 else "Threshold of {map}", map_name)
    where = {"kernel": w.letters.element(placed.kernel), "row": str(placed.u + 1), "column": str(placed.v + 1)}
    return Phrase("Kernel {kernel}, row {row}, column {column}", where)


def entry_tex(w: Writer, edge: Edge, symbol_tex: str) -> str:
    """The sum over places, in letters."""
    minus = "" if w.sign * (w.bias_sign(edge.layer) if edge.is_bias else 1) > 0 else "-"
    return rf"{symbol_tex} = {minus}\sum_{{i,j}} \delta_{{i,j}}" + ("" if edge.is_bias else r" \cdot x_{i,j}")


def places_title(w: Writer, edge: Edge) -> Phrase:
    """What the terms of a number of a kernel are."""
    count = {"count": str(int(np.prod(w.network.shapes[edge.layer][1:])))}
    return Phrase("The sum of δ over {count} places" if edge.is_bias else "The sum of δ · x over {count} places", count)


def entry_terms(w: Writer, edge: Edge) -> tuple[Term, ...]:
    """δ times what lay under a number of a kernel, place by place; of the whole batch what each row gives."""
    products = kernel_terms(w.numbers, edge)
    if w.numbers.is_mean:
        sums = products.reshape(len(products), -1).sum(axis=1).tolist()
        return tuple(Term(w.letters.row_cost(row), own, "", 1.0, own, edge) for row, own in enumerate(sums, 1))
    deltas, seen = (values.ravel().tolist() for values in kernel_factors(w.numbers, edge))
    found = []
    for place, (delta, x) in enumerate(zip(deltas, seen, strict=True)):
        unit = Unit(edge.layer, edge.to * len(deltas) + place)
        symbol = w.letters.text("delta", unit)
        if edge.is_bias:
            found.append(Term(symbol, w.sign * delta, "", x, x * delta, unit))
            continue
        below = _under(w, edge, unit)
        under = "0" if below is None else w.letters.activation(below)
        found.append(Term(symbol, w.sign * delta, under, x, delta * x, unit))
    return tuple(found)


def _under(w: Writer, edge: Edge, unit: Unit) -> Unit | None:
    """The pixel that lay under a number of a kernel at a place; None outside the image."""
    layer, shape = w.network.layers[edge.layer - 1], w.network.shapes[edge.layer - 1]
    entry, at = w.letters.names.placed(edge), pixel_of(w.network.shapes[edge.layer], unit)
    assert isinstance(layer, Conv2D)
    assert isinstance(entry, KernelEntry)
    turned = layer.mode == "convolution"
    u, v = (
        size - 1 - number if turned else number for number, size in zip((entry.u, entry.v), layer.kernel, strict=True)
    )
    row = at.row * layer.stride[0] - layer.padding[0] + u
    column = at.column * layer.stride[1] - layer.padding[1] + v
    if not (0 <= row < shape[1] and 0 <= column < shape[2]):
        return None
    return unit_of(shape, Pixel(edge.layer - 1, entry.channel, row, column))


def entry_grids(w: Writer, edge: Edge) -> tuple[Grid, ...]:
    """The kernel in which a number lies, and its gradient."""
    placed = w.letters.names.placed(edge)
    return kernel_grids(w, placed.kernel, (placed.u, placed.v)) if isinstance(placed, KernelEntry) else ()


def kernel_grids(w: Writer, kernel: Kernel, marked: tuple[int, int] | None = None) -> tuple[Grid, ...]:
    """A kernel and its gradient: of the example, or of the whole batch."""
    weights = _kernel_of(w, kernel, w.frame.params.W[kernel.layer - 1].reshape(-1))
    gradient = _kernel_of(w, kernel, w.numbers.gradient(kernel.layer)[:, :-1].reshape(-1))
    return Grid(Phrase("kernel"), weights, marked), Grid(Phrase("its gradient"), gradient, marked)


def _kernel_of(w: Writer, kernel: Kernel, flat: Array) -> Array:
    found: Array = flat.reshape(w.network.weight_shapes[kernel.layer - 1])[kernel.filter, kernel.channel]
    return found


# ---- maps and kernels


def of_kernel(w: Writer, kernel: Kernel) -> Derivation:
    """A kernel and its gradient by their size."""
    grids = kernel_grids(w, kernel)
    symbol_tex = rf"\left\| \frac{{\partial C}}{{\partial {w.letters.tex('w', kernel)}}} \right\|"
    size = int(np.prod(w.network.shapes[kernel.layer][1:]))
    names = {"kernel": w.letters.element(kernel), "map": w.letters.element(Map(kernel.layer, kernel.filter))}
    below = w.letters.element(Map(kernel.layer - 1, kernel.channel))
    return Derivation(
        target=kernel,
        quantity="gradient",
        title=Phrase("Kernel {kernel}: from {below} to {map}", names | {"below": below}),
        symbol=f"‖∂C/∂{w.letters.element(kernel)}‖",
        symbol_tex=symbol_tex,
        tex=rf"{symbol_tex} = \sqrt{{\sum_{{u,v}} g_{{u,v}}^2}}",
        factors=(),
        result=float(np.linalg.norm(grids[1].values)),
        of_one_row=not w.numbers.is_mean,
        beat_address=f"backward/{w.letters.names.element(kernel)}",
        notes=(Phrase("each number of a kernel: the sum of δ · x over {count} places", {"count": str(size)}),),
        grids=grids,
    )


def of_map(w: Writer, element: Map) -> Derivation:
    """What the places of a map have in common: between which numbers they lie, and how many are flat."""
    values = part_of(w, element, w.numbers.a(element.layer))
    letter = r"\bar{a}" if element.layer else r"\bar{x}"
    at = [Unit(element.layer, element.channel * len(values) + int(find(values))) for find in (np.argmin, np.argmax)]
    ends = {"first": w.letters.unit(at[0]), "last": w.letters.unit(at[1]), **summary(w, values)}
    notes = [Phrase("least {least} at {first}, greatest {greatest} at {last}", ends)]
    if element.layer > 0:
        notes.insert(0, how(w, w.network.layers[element.layer - 1], element))
        notes += _flat_share(w, element)
    return Derivation(
        target=element,
        quantity="activation",
        title=_map_title(w, element),
        symbol="mean",
        symbol_tex=letter,
        tex=rf"{letter} = \frac{{1}}{{{len(values)}}} \sum_{{i,j}} {letter[5:-1]}_{{i,j}}",
        factors=(),
        result=float(values.mean()),
        beat_address=f"forward/{w.letters.names.element(element)}" if element.layer else "",
        notes=tuple(notes),
        grids=_kernels_into(w, element),
    )


def delta_of_map(w: Writer, element: Map) -> Derivation:
    """How δ comes to the places of a map, and between which numbers it lies."""
    values = part_of(w, element, w.delta(element.layer))
    return Derivation(
        target=element,
        quantity="delta",
        title=_map_title(w, element),
        symbol="mean",
        symbol_tex=r"\bar{\delta}",
        tex=rf"\bar{{\delta}} = \frac{{1}}{{{len(values)}}} \sum_{{i,j}} \delta_{{i,j}}",
        factors=(),
        result=float(values.mean()),
        of_one_row=not w.numbers.is_mean,
        beat_address=f"backward/{w.letters.names.element(element)}/delta",
        notes=map_on_the_way_back(w, element),
    )


def _map_title(w: Writer, element: Map) -> Phrase:
    names = {
        "map": w.letters.element(element),
        "layer": str(element.layer),
        "number": str(element.channel + 1),
        "count": str(w.network.shapes[element.layer][0]),
    }
    template = "Map {map} (layer {layer}, map {number} of {count})"
    return Phrase(template if element.layer else "Map {map} of the input ({number} of {count})", names)


def _kernels_into(w: Writer, element: Map) -> tuple[Grid, ...]:
    """The kernels of the filter that makes a map."""
    if element.layer == 0 or not isinstance(w.network.layers[element.layer - 1], Conv2D):
        return ()
    channels = range(min(w.network.shapes[element.layer - 1][0], 2 * SHOWN_CHANNELS))
    kernels = [Kernel(element.layer, element.channel, channel) for channel in channels]
    weights = w.frame.params.W[element.layer - 1].reshape(-1)
    return tuple(Grid(plain(w.letters.element(each)), _kernel_of(w, each, weights)) for each in kernels)


def _flat_share(w: Writer, element: Map) -> list[Phrase]:
    """How many pixels of a map are off or flat."""
    off, flat = w.numbers.off(element.layer), w.numbers.saturation(element.layer)
    if off is not None:
        share = float(part_of(w, element, np.asarray(off, np.float64)).mean())
        return [Phrase("{share} of its pixels are off", {"share": f"{share:.0%}"})]
    if flat is None:
        return []
    levels = part_of(w, element, flat)
    if not w.numbers.is_mean:
        levels = (1.0 - levels < w.experiment.flat_threshold).astype(np.float64)
    return [Phrase("{share} of its pixels are flat", {"share": f"{float(levels.mean()):.0%}"})]
