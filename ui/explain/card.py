"""One number explained: its formula with the numbers under the factors, the factors in words, and the sums behind them.

The card is shown a derivation and computes nothing; a click on a factor looks at where it comes from.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QAction, QColor, QGuiApplication, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.derivation import Derivation, Factor, Term
from bpstudio.insight.elements import Edge, Element
from bpstudio.insight.notation import exact, given, number, operand, total
from bpstudio.insight.phrase import Phrase
from ui import theme
from ui.beside import Link
from ui.explain.formula import Formula, Part
from ui.explain.grids import Grids
from ui.language import tr

SHOWN_TERMS = 8
MOST_TERMS = 120
"""Of more terms the largest are shown at most: a kernel is a sum over hundreds of places."""
SIGNS = ("=", r"\cdot")
"""What stands between the parts of a formula: after the first, and between factors."""

Known = Callable[[Factor | Term | None], bool]
"""Whether the walk has computed a factor, a summand, or (None) the result."""
NOT_YET = "· · ·"
_NARROWEST = 60
_ROLES = {"error": 0, "delta": 0, "slope": 1, "input": 2, "product": 3}


def spoken(phrase: Phrase) -> str:
    """A phrase in the language in use."""
    return phrase.rendered(tr)


def symbols(derivation: Derivation) -> tuple[str, ...]:
    """The parts of a derivation's formula in LaTeX: what is explained, then its factors or what it is equal to."""
    if _is_product(derivation):
        return (derivation.symbol_tex, *(factor.symbol_tex for factor in derivation.factors))
    left, sign, right = derivation.tex.partition(" = ")
    return (left, right) if sign else (left,)


def _is_product(derivation: Derivation) -> bool:
    return derivation.quantity in ("gradient", "delta") and len(derivation.factors) > 1


BRIEF = 6
"""Decimals under a formula that has no room for more."""


class Card(QWidget):
    """Shows one derivation. `select` is called with the element that a clicked row is about."""

    def __init__(self, select: Callable[[Element], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._select = select
        self._shown: tuple[Derivation, int, Known] | None = None
        self._all_terms = False
        self.formula = Formula()
        self.grids = Grids()
        self._rows = [_Row(select) for _ in range(4)]
        self._terms_title = _label("secondary")
        self._terms = [_Row(select) for _ in range(SHOWN_TERMS)]
        self._sum = _label("mono")
        self._more = Link(self._unfold)
        self._gather = [_label("mono"), _label("mono")]
        self._updates: list[QLabel] = []
        self._notes = _label("secondary")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(5)
        for widget in (self.formula, self.grids, *self._rows, self._terms_title, *self._terms, self._sum, self._more):
            self._column.addWidget(widget)
        for label in (*self._gather, self._notes):
            self._column.addWidget(label)

    def show_derivation(self, derivation: Derivation, digits: int, known: Known = lambda part: True) -> None:
        """Show how a number comes about; `known` says what the walk has computed."""
        if self._shown is not None and self._shown[0].target != derivation.target:
            self._all_terms = False
        self._shown = (derivation, digits, known)
        result = number(derivation.result, digits) if known(None) else NOT_YET
        self._show_formula(derivation, digits, known, result)
        self.grids.show_grids(derivation.grids, known(None))
        factors: list[tuple[Factor | None, str, str, str]] = [
            (f, spoken(f.words), spoken(f.formula), number(f.value, digits) if known(f) else NOT_YET)
            for f in derivation.factors
        ]
        if len(factors) > 1 and derivation.quantity in ("gradient", "delta"):
            factors.append((None, tr("product"), derivation.symbol, result))
        elif derivation.quantity == "activation" and derivation.factors:
            factors.insert(1, (None, tr("activation"), derivation.symbol, result))
        for row, entry in zip(self._rows, [*factors, *[None] * len(self._rows)], strict=False):
            row.setVisible(entry is not None)
            if entry is not None:
                factor, words, formula, value = entry
                role = "product" if factor is None else factor.color_role
                target = derivation.target if factor is None else factor.element
                raw = derivation.result if factor is None else factor.value
                row.show_row(theme.current().factors[_ROLES[role]], words, formula, value, target, raw)
        self._show_terms(derivation, digits, known)
        self._show_gathering(derivation, digits, known(None))
        self._show_lines(self._updates, derivation.update_lines if known(None) else ())
        self._notes.setText("\n".join(spoken(note) for note in derivation.notes))
        self._notes.setVisible(bool(derivation.notes))

    def _show_formula(self, derivation: Derivation, digits: int, known: Known, result: str) -> None:
        colors = theme.current().factors
        left, *right = symbols(derivation)
        parts = [Part(left)]
        if _is_product(derivation):
            for factor, tex in zip(derivation.factors, right, strict=True):
                value = number(factor.value, digits) if known(factor) else NOT_YET
                brief = number(factor.value, min(digits, BRIEF)) if known(factor) else NOT_YET
                parts.append(Part(tex, value, colors[_ROLES[factor.color_role]], not known(factor), brief))
        else:
            parts += [Part(tex, result, colors[_ROLES["product"]], not known(None)) for tex in right]
        equals, times = SIGNS
        self.formula.show_parts(parts, [equals, *[times] * (len(parts) - 2)][: len(parts) - 1])

    def _show_terms(self, derivation: Derivation, digits: int, known: Known) -> None:
        terms = derivation.terms
        picked = list(terms)
        if len(terms) > SHOWN_TERMS and not self._all_terms:
            # The largest ones say most; the rest is summed, never dropped.
            picked = sorted(terms, key=lambda term: -abs(term.product))[: SHOWN_TERMS - 1]
        elif len(terms) > MOST_TERMS:
            picked = sorted(terms, key=lambda term: -abs(term.product))[:MOST_TERMS]
        while len(self._terms) < len(picked):
            row = _Row(self._select)
            self._column.insertWidget(self._column.indexOf(self._sum), row)
            self._terms.append(row)
        for row, term in zip(self._terms, [*picked, *[None] * len(self._terms)], strict=False):
            row.setVisible(term is not None)
            if term is not None:
                words, written, value = _term(term, digits, known(term))
                row.show_row(None, words, written, value, term.element, term.product)
        self._terms_title.setVisible(bool(terms))
        if derivation.terms_title is not None:
            title = spoken(derivation.terms_title)
        elif derivation.quantity == "activation":
            title = (
                tr("The weighted input is one term")
                if len(terms) == 1
                else tr("The weighted input is the sum of {count} terms", count=len(terms))
            )
        elif derivation.quantity == "loss":
            title = tr("The parts of the outputs")
        elif derivation.factors and derivation.terms_sign < 0:
            title = (
                tr("The error, with a minus, is one term")
                if len(terms) == 1
                else tr("The error, with a minus, is the sum of {count} terms", count=len(terms))
            )
        elif derivation.factors:
            title = (
                tr("The error is one term")
                if len(terms) == 1
                else tr("The error is the sum of {count} terms", count=len(terms))
            )
        else:
            title = tr("What each row gives")
        self._terms_title.setText(title)
        known_all = all(known(term) for term in terms)
        rest = len(terms) - len(picked)
        left = number(sum(term.product for term in terms) - sum(term.product for term in picked), digits)
        self._more.setVisible(rest > 0 or (self._all_terms and len(terms) > SHOWN_TERMS))
        folded = rest and not self._all_terms
        self._more.setText(
            tr("{count} smaller terms: {sum} – show all", count=rest, sum=left if known_all else NOT_YET)
            if folded
            else tr("{count} smaller terms: {sum} – show only the largest", count=rest, sum=left)
            if rest
            else tr("Show only the largest")
        )
        short = [number(term.product, digits) for term in terms] if known_all and 1 < len(terms) <= 3 else []
        self._sum.setVisible(bool(short))
        self._sum.setText(f"{total(short)} = {number(sum(term.product for term in terms), digits)}" if short else "")

    def _show_gathering(self, derivation: Derivation, digits: int, known: bool) -> None:
        shown = derivation.gathering is not None and known
        for label in self._gather:
            label.setVisible(shown)
        if shown and derivation.gathering is not None:
            own = tr("This row alone: {value}", value=number(derivation.result, digits))
            self._gather[0].setText(own)
            self._gather[0].setVisible(derivation.of_one_row)
            self._gather[1].setText(spoken(derivation.gathering))

    def _show_lines(self, labels: list[QLabel], lines: tuple[Phrase, ...]) -> None:
        while len(labels) < len(lines):
            label = _label("mono")
            self._column.insertWidget(self._column.indexOf(self._notes), label)
            labels.append(label)
        for label, line in zip(labels, [*lines, *[None] * len(labels)], strict=False):
            label.setVisible(line is not None)
            if line is not None:
                label.setText(spoken(line))

    def _unfold(self) -> None:
        self._all_terms = not self._all_terms
        if self._shown is not None:
            self.show_derivation(*self._shown)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.PaletteChange, QEvent.Type.LanguageChange):
            for label in self.findChildren(QLabel):
                if label.property("role") == "mono":
                    label.setFont(theme.current().font(12, mono=True))
            if self._shown is not None:
                self.show_derivation(*self._shown)
        super().changeEvent(a0)


def _term(term: Term, digits: int, known: bool) -> tuple[str, str, str]:
    """(symbols, numbers, value) of a summand."""
    value = number(term.product, digits) if known else NOT_YET
    if term.words is not None:
        return term.symbol, spoken(term.words) if known else "", value
    if not term.right_symbol:
        return term.symbol, "", value
    left = given(term.left, digits) if isinstance(term.element, Edge) else number(term.left, digits)
    chosen = isinstance(term.element, Edge) and term.element.layer == 1  # an input
    right = operand((given if chosen else number)(term.right, digits)) if known else NOT_YET
    return f"{term.symbol} {term.right_symbol}", f"{left} · {right}", value


def _label(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role == "mono":
        label.setFont(theme.current().font(12, mono=True))
    return label


def _advance(label: QLabel) -> int:
    """How wide the text of a label is in one line."""
    text = label.text()
    return label.fontMetrics().horizontalAdvance(text) + 1 if text else 0


class _Row(QFrame):
    """A coloured bar, words, the formula behind them, and the value; on narrow panels the formula stands below."""

    def __init__(self, select: Callable[[Element], None]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._choose = select
        self._bar: QColor | None = None
        self._target: Element | None = None
        self._raw = 0.0
        # Children from the start: what is adopted during a resize event inherits its pause of painting, for ever.
        self._words, self._formula, self._value = QLabel(self), QLabel(self), QLabel(self)
        self._formula.setProperty("role", "secondary")
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 5, 8, 5)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(1)
        self._folded = -1
        copy = QAction(self)
        copy.triggered.connect(self._copy)
        self._copy_action = copy
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def show_row(self, bar: QColor | None, words: str, formula: str, value: str, target: Element, raw: float) -> None:
        look = theme.current()
        self._bar, self._target, self._raw = bar, target, raw
        self._words.setFont(look.font(12.5) if bar is not None else look.font(12, mono=True))
        self._formula.setFont(look.font(12, mono=True))
        self._value.setFont(look.font(12.5, mono=True))
        for label, text in ((self._words, words), (self._formula, formula), (self._value, value)):
            if label.text() != text:
                label.setText(text)
        self._copy_action.setText(tr("Copy {value} with all digits", value=value))
        self.setAccessibleName(f"{words}: {formula} = {value}")
        self._fold()
        self.update()

    def _fold(self) -> None:
        """All in one line, the formula below, or (large text in a narrow column) each in lines of its own."""
        words, formula, value = (_advance(label) for label in (self._words, self._formula, self._value))
        room = self.width() - 38
        if self.width() <= 0 or words + formula + value <= room:
            fold = 0
        else:
            fold = 1 if words + value <= room else 2
        if fold == self._folded:
            return
        self._folded = fold
        for label in (self._words, self._formula, self._value):
            self._grid.removeWidget(label)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if fold == 2:
            for line, label in enumerate((self._words, self._formula, self._value)):
                self._grid.addWidget(label, line, 0, 1, 3)
            self._value.setAlignment(right)
        else:
            self._grid.addWidget(self._words, 0, 0)
            self._grid.addWidget(self._value, 0, 2)
            self._grid.addWidget(self._formula, fold, 0 if fold else 1, 1, 3 if fold else 1)
        self._formula.setAlignment(right if fold == 0 else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        # A label that wraps guesses a width, so only what needs several lines may have them.
        self._words.setWordWrap(fold == 2)
        self._formula.setWordWrap(fold > 0)
        self._grid.setColumnStretch(0, 1)
        self.updateGeometry()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROWEST, super().minimumSizeHint().height())

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(exact(self._raw))

    def _open(self) -> None:
        if self._target is not None:
            self._choose(self._target)

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._fold()

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._bar is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._bar)
            painter.drawRoundedRect(0, 1, 4, self.height() - 2, 2, 2)
        if self.hasFocus():
            painter.setPen(look.accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 8, 8)
        painter.end()

    @override
    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and a0.button() == Qt.MouseButton.LeftButton and self.rect().contains(a0.pos()):
            self._open()
        super().mouseReleaseEvent(a0)

    @override
    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is not None and a0.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._open()
        else:
            super().keyPressEvent(a0)
