"""Colour maps: a number between 0 and 1 becomes a colour, for whole arrays at once.

A map is a table of 32-bit ARGB colours (opaque), one row per level, and one last row for "not finite": NaN has a colour
of its own and is never drawn as a small or a large number. Looking up is one integer index per element.

Sources: inferno and viridis are by Nathaniel J. Smith, Stéfan van der Walt and Eric Firing (matplotlib, CC0), kept as
33 samples between which interpolation is within 1.8 of 255. CET-L2 is Peter Kovesi's grey ramp (2015), whose definition
is computed here: CIE lightness from 10 to 95 in equal steps. The others are straight lines between the colours named in
the theme.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVELS = 256
"""Steps of a map; one more row holds the colour of what is not finite."""

INFERNO = (
    "000004 040312 0b0724 150b37 210c4a 2e0a5a 3c0965 4a0c6b 57106d 63146e 70196e "
    "7d1e6d 89226a 962766 a32b61 af315c bb3755 c63e4d d14644 db4f3b e35932 eb6528 "
    "f1711e f67f14 f98d0a fb9c06 fcab0f fbba1f f9ca32 f5d949 f2e865 f3f586 fcffa4"
)
VIRIDIS = (
    "440154 470d60 48186a 482374 472d7b 453681 424086 3f4989 3b528b 375a8d 33638d "
    "2f6a8e 2c728e 297a8e 26818e 23898e 21908c 1f988b 1f9f88 21a685 28ae80 31b57b "
    "3ebc74 4cc26c 5dc963 6ece58 82d34c 96d83f abdc32 c0df24 d5e21a eae51a fde725"
)

Table = NDArray[np.uint32]


def samples(text: str) -> list[str]:
    """The colours of a stored map as `#rrggbb`."""
    return [f"#{word}" for word in text.split()]


def grey_ramp(count: int = 33) -> list[str]:
    """CET-L2: greys of CIE lightness 10 to 95, as `#rrggbb`."""
    lightness = (np.linspace(10.0, 95.0, count) + 16.0) / 116.0
    luminance = np.where(lightness > 6 / 29, lightness**3, 3 * (6 / 29) ** 2 * (lightness - 4 / 29))
    encoded = np.where(luminance <= 0.0031308, 12.92 * luminance, 1.055 * luminance ** (1 / 2.4) - 0.055)
    return [f"#{level:02x}{level:02x}{level:02x}" for level in np.rint(encoded * 255).astype(int)]


def table(colors: Sequence[str], nonfinite: str, start: float = 0.0, stop: float = 1.0) -> Table:
    """A lookup table that runs from `start` to `stop` through equally spaced `colors` (start > stop turns it round)."""
    channels = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors], dtype=float)
    where = np.linspace(start, stop, LEVELS) * (len(colors) - 1)
    places = np.arange(len(colors), dtype=float)
    red, green, blue = (np.rint(np.interp(where, places, channels[:, i])).astype(np.uint32) for i in range(3))
    argb = np.empty(LEVELS + 1, dtype=np.uint32)
    argb[:LEVELS] = 0xFF000000 | red << 16 | green << 8 | blue
    argb[LEVELS] = 0xFF000000 | int(nonfinite[1:], 16)
    argb.flags.writeable = False
    return argb


EYES = np.array(
    (
        (0.2126, 0.7152, 0.0722),
        (0.1140, 0.7827, 0.1034),
        (0.2776, 0.6670, 0.0554),
        (0.2112, 0.6993, 0.0895),
    )
)
"""How much linear red, green and blue count for the luminance that an eye sees: usual, without cones for red, for green
and for blue (the weights of WCAG 2 behind the matrices of Machado, Oliveira and Fernandes 2009, severity 1).
"""
_READABLE = 4.6


def readable(argb: Table) -> Table:
    """The table with its few colours of middle brightness made lighter or darker, on which neither black nor white
    text could be read by every eye.
    """
    channels = np.stack([argb >> 16 & 255, argb >> 8 & 255, argb & 255], axis=1) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ EYES.T, 0.0, 1.0)
    darkest, brightest = seen.min(axis=1), seen.max(axis=1)
    on_black, on_white = (darkest + 0.05) / 0.05, 1.05 / (brightest + 0.05)
    lighten = (_READABLE * 0.05 - 0.05) / np.maximum(darkest, 1e-9)
    darken = (1.05 / _READABLE - 0.05) / np.maximum(brightest, 1e-9)
    wrong = np.maximum(on_black, on_white) < _READABLE
    factor = np.where(wrong, np.where(on_black >= on_white, lighten, darken), 1.0)
    changed = np.clip(linear * factor[:, None], 0.0, 1.0)
    encoded = np.where(changed <= 0.0031308, 12.92 * changed, 1.055 * changed ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(encoded * 255).astype(np.uint32).T
    result: Table = np.where(wrong, np.uint32(0xFF000000) | red << 16 | green << 8 | blue, argb).astype(np.uint32)
    result.flags.writeable = False
    return result


def numbers(t: ArrayLike) -> NDArray[np.float64]:
    """Anything array-like as float64."""
    return np.asarray(t, dtype=np.float64)


def lookup(argb: Table, t: ArrayLike) -> Table:
    """Colours of the numbers t: below 0 is drawn as 0, above 1 as 1, not finite in the colour for that."""
    values = numbers(t)
    finite = np.isfinite(values)
    level = np.where(finite, values, 0.0)
    index = np.rint(np.clip(level, 0.0, 1.0) * (LEVELS - 1)).astype(np.intp)
    return argb[np.where(finite, index, LEVELS)]
