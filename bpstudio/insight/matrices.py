"""The products of a layer as a book writes them: samples as rows or as columns, W with a row or a column per unit.

Four books print one computation in four ways. With samples in columns and W (out, in) it is z = W x + b, δ ↦ Wᵀ δ and
∂C/∂W = δ xᵀ (Nielsen 2015, eqs. 25, BP2, BP4); with samples in rows it is X Wᵀ, δ W and δᵀ X; with W (in, out), as
Keras and scikit-learn keep it, X W, δ Wᵀ and Xᵀ δ. It is a matter of writing: the numbers of the run are the same, and
an array that is shown is turned as the symbols say.

One sample is a vector of so many numbers, a row or a column as the product needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from bpstudio.insight.notation import Notation


@dataclass(frozen=True)
class Product:
    """A product in letters, and the shapes of its factors."""

    symbols: str
    shapes: str


@dataclass(frozen=True)
class Matrices:
    """How products over ``rows`` samples are written in a notation."""

    columns: bool
    """Samples are columns; else they are rows."""
    turned: bool
    """W is (in, out); else (out, in)."""
    rows: int

    @classmethod
    def of(cls, notation: Notation, rows: int) -> Matrices:
        """The writing of a notation."""
        return cls(notation.samples == "columns", notation.weight_layout == "in_out", rows)

    @property
    def is_vector(self) -> bool:
        """Whether there is one sample only."""
        return self.rows == 1

    def samples(self, units: int) -> str:
        """The shape of a layer's numbers: (units), (samples×units) or (units×samples)."""
        if self.is_vector:
            return f"({units})"
        return shape(units, self.rows) if self.columns else shape(self.rows, units)

    def weights(self, inputs: int, units: int) -> str:
        """The shape of W."""
        return shape(inputs, units) if self.turned else shape(units, inputs)

    def forward(self, W: str, x: str, inputs: int, units: int) -> Product:
        """The weighted sums without the bias."""
        return self._through(W, x, units, inputs, self.turned)

    def back(self, W: str, delta: str, units: int, above: int) -> Product:
        """What reaches ``units`` units from the errors of the ``above`` units of the next layer."""
        return self._through(W, delta, units, above, not self.turned)

    def _through(self, W: str, arrived: str, to: int, source: int, turned: bool) -> Product:
        """Samples (source) through weights that are (to, source), or (source, to) where turned."""
        # A vector stands at the right of W (out, in) whatever the samples of a batch are.
        from_left = self.columns or (self.is_vector and not self.turned)
        if from_left:
            matrix = f"{W}ᵀ" if turned else W
            return Product(f"{matrix} {arrived}", shape(to, source) + self.samples(source))
        matrix = W if turned else f"{W}ᵀ"
        return Product(f"{arrived} {matrix}", self.samples(source) + shape(source, to))

    def gradient(self, delta: str, x: str, inputs: int, units: int) -> Product:
        """∂C/∂W: errors times what came in, summed over the samples."""
        result = f" = {self.weights(inputs, units)}"
        first, last, outer, inner = (x, delta, inputs, units) if self.turned else (delta, x, units, inputs)
        if self.is_vector:
            # Vectors are columns in δ xᵀ, and rows where samples are rows and W is (in, out): xᵀ δ.
            if self.turned and not self.columns:
                return Product(f"{first}ᵀ {last}", f"({outer})ᵀ({inner}){result}")
            return Product(f"{first} {last}ᵀ", f"({outer})({inner})ᵀ{result}")
        shapes = shape(outer, self.rows) + shape(self.rows, inner) + result
        return Product(f"{first} {last}ᵀ" if self.columns else f"{first}ᵀ {last}", shapes)

    def shown_samples(self, values: NDArray[Any]) -> NDArray[Any]:
        """An array (samples, units) as it is shown."""
        return values.T if self.columns else values

    def shown_weights(self, W: NDArray[Any]) -> NDArray[Any]:
        """An array (units, inputs) as it is shown."""
        return W.T if self.turned else W


def shape(first: int, second: int) -> str:
    """Rows and columns of a matrix."""
    return f"({first}×{second})"
