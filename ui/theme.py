"""What everything looks like: colours, maps, fonts, icons and the style sheet, in a dark and a light version, and in
black on white for a projector.

A rule that a learner can say: blue is forward, warm is backward, green is update, pink or purple is loss, grey is
saturation, red is an error and nothing else. A colour is never the only sign of anything.

Widgets ask `current()` when they paint and hear of a change as Qt's own PaletteChange event. Contrasts were computed
against the canvas background: text at least 7:1, lines at least 3:1. The look for a projector keeps 4.5:1 and 3:1 for
eyes with a colour vision deficiency too, and nothing in it is pale.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from numpy.typing import ArrayLike
from PyQt6.QtCore import QByteArray, QCoreApplication, QEvent, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPen, QPixmap
from PyQt6.QtWidgets import QApplication
from typing_extensions import override

from bpstudio.files.asset import find
from ui import colormaps, stylesheet
from ui.colormaps import Table

SANS = (
    "Inter",
    "Segoe UI",
    "SF Pro Text",
    "Noto Sans",
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Microsoft YaHei",
    "PingFang SC",
)
MONO = ("JetBrains Mono", "DejaVu Sans Mono", "Consolas", "Menlo", "Noto Sans Mono CJK SC", "Microsoft YaHei")
SMALLEST = 12
"""No text is set smaller than this many pixels at scale 1."""

SCALES = (0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.25, 2.5)
"""Sizes of text that Ctrl++ and Ctrl+- go through, against normal."""

PHASES = ("F", "L", "B", "U")


@dataclass(frozen=True, eq=False)
class Theme:
    """One look. Colours are QColor; the maps turn arrays of numbers into arrays of opaque 32-bit ARGB colours."""

    name: str
    background: QColor
    """Behind the canvas and the timeline."""
    panel: QColor
    """Behind the side panels, the menu bar and the plots."""
    card: QColor
    """A row or a card on a panel."""
    selected: QColor
    """A chosen card or table row."""
    control: QColor
    """A field or a button at rest."""
    hover: QColor
    """A button under the mouse; the chosen part of a segmented control."""
    border: QColor
    """Hairlines between regions and around cards."""
    control_border: QColor
    groove: QColor
    """The unfilled part of a slider or of a bar."""
    track: QColor
    """The background ring behind a saturation ring, the empty part of a bar."""
    accent: QColor
    on_accent: QColor
    glow: QColor
    """What is looked at in this beat: rims, the pulse."""
    text: QColor
    secondary: QColor
    dashed: QColor
    """Not computed yet (drawn dashed and hollow)."""
    zero: QColor
    """Exactly zero (drawn solid, with the digit 0): never the lowest colour of a map."""
    nonfinite: QColor
    good: QColor
    warning: QColor
    warning_background: QColor
    error: QColor
    error_background: QColor
    phase: Mapping[str, QColor]
    """By letter: F forward, L loss, B backward, U update."""
    factors: tuple[QColor, ...]
    """Operands of a formula, in order, the product last; the canvas glows in the same colours."""
    gradient_map: Table = field(repr=False)
    signed_map: Table = field(repr=False)
    activation_map: Table = field(repr=False)
    saturation_map: Table = field(repr=False)
    layer_map: Table = field(repr=False)
    scale: float = 1.0
    """Size of text against normal (Ctrl++ and Ctrl+-)."""
    faintest: float = 0.0
    """No mark is blended with its background to less than this strength."""

    @property
    def dark(self) -> bool:
        return self.name == "dark"

    def gradient(self, t: ArrayLike) -> Table:
        """Colours of a gradient's size: 0 the smallest drawn, 1 the largest. An exact zero has its own colour."""
        return colormaps.lookup(self.gradient_map, t)

    def signed(self, t: ArrayLike) -> Table:
        """Colours of signed numbers from -1 (blue) over 0 (neutral) to 1 (amber)."""
        return colormaps.lookup(self.signed_map, 0.5 + 0.5 * colormaps.numbers(t))

    def activation(self, t: ArrayLike) -> Table:
        """Fill of a unit whose activation lies in 0..1."""
        return colormaps.lookup(self.activation_map, t)

    def saturation(self, t: ArrayLike) -> Table:
        """Grey of a saturation: 0 responsive, 1 flat."""
        return colormaps.lookup(self.saturation_map, t)

    def layer_color(self, depth: int, count: int) -> QColor:
        """Colour of layer `depth` (1-based) of `count` in every plot."""
        return QColor(int(colormaps.lookup(self.layer_map, (depth - 1) / (count - 1) if count > 1 else 1.0)))

    def layer_pen(self, depth: int, count: int, width: float = 1.0) -> QPen:
        """The same with a second channel: lines alternate solid, dashed, dotted by depth."""
        styles = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
        pen = QPen(self.layer_color(depth, count), width, styles[(depth - 1) % 3])
        pen.setCosmetic(True)
        return pen

    def ink(self, fill: QColor) -> QColor:
        """Dark or light text, whichever reads better on `fill` (at least 4.5:1 on every map)."""
        # The eye for which it reads worst decides: red is much darker for one that has no cones for it.
        seen = _luminances(fill)
        return QColor("#FFFFFF") if 1.05 / (max(seen) + 0.05) >= (min(seen) + 0.05) / 0.05 else QColor("#000000")

    def font(self, size: float = 13.0, mono: bool = False, bold: bool = False) -> QFont:
        """A font of `size` pixels at normal text size, from the first installed family of a list."""
        font = QFont(list(MONO if mono else SANS))
        font.setStyleHint(QFont.StyleHint.Monospace if mono else QFont.StyleHint.SansSerif)
        font.setPixelSize(round(max(size, SMALLEST) * self.scale))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def px(self, length: float) -> int:
        """A length that grows with the text."""
        return round(length * self.scale)

    def beside(self, length: float) -> int:
        """A gap between things in one line across the window: it grows more slowly than the text does."""
        return round(length * math.sqrt(self.scale))

    def stroke(self, width: float) -> float:
        """The width of a line that grows with the text; never thinner than one pixel."""
        return max(width * self.scale, 1.0)

    def strength(self, wanted: float) -> float:
        """How strong a mark is that would like to step back; where all has to be read from afar it stays strong."""
        return max(wanted, self.faintest)

    def picture(self, name: str, size: int, color: QColor, ratio: float) -> QPixmap:
        """An icon of assets/icons as a picture of `size` pixels."""
        return _drawn(name, color.name(), False, size, max(1, round(ratio)))

    def icon(self, name: str, color: QColor | None = None, filled: bool = False) -> QIcon:
        """An icon of assets/icons, drawn in `color` (the text's unless given), grey when disabled."""
        icon = QIcon()
        app = QApplication.instance()
        ratios = (1,) if isinstance(app, QApplication) and app.devicePixelRatio() <= 1 else (1, 2)
        for mode, ink in ((QIcon.Mode.Normal, color or self.text), (QIcon.Mode.Disabled, self.dashed)):
            for ratio in ratios:
                icon.addPixmap(_drawn(name, ink.name(), filled, self.px(20), ratio), mode)
        return icon


def contrast(one: QColor, other: QColor) -> float:
    """WCAG 2 contrast ratio of two opaque colours, 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def current() -> Theme:
    """The theme in use."""
    return _state.theme


def apply(app: QApplication, name: str = "system", scale: float = 1.0, dressed: bool = True) -> None:
    """Give the application a look: "dark", "light", "presentation", or "system", which follows the desktop.

    `scale` is the size of text against normal; beyond what can be chosen (SCALES) it is brought back. What is not
    `dressed` gets its style sheet from `dress`: a window is put together much faster without one.
    """
    if name not in (*THEMES, "system"):
        raise ValueError(f"theme: expected {', '.join(THEMES)} or system, got {name!r}")
    scale = min(max(scale, SCALES[0]), SCALES[-1])
    hints = QGuiApplication.styleHints()
    if hints is not None and not _state.listening:
        hints.colorSchemeChanged.connect(_follow)
        _state.listening = True
    _state.name = name
    chosen = _system() if name == "system" else name
    if dressed and app.styleSheet() and (_state.theme.name, _state.theme.scale) == (chosen, scale):
        return  # it is on
    _state.theme = dataclasses.replace(THEMES[chosen], scale=scale)
    if not _state.styled:  # beneath a style sheet Qt does not say which style it is, and setting one takes long
        app.setStyle("Fusion")
        _state.styled = True
    wears = dressed and (app.styleSheet() or app.topLevelWidgets())
    # One sheet in place of another polishes every widget once for each widget it stands in, ten times on the average;
    # none, and then the new one, is twice. Nothing is painted in between.
    _undress(app)
    app.setFont(_state.theme.font())
    app.setPalette(palette(_state.theme))
    if wears:
        dress(app)
    # Of the size of text Qt says nothing, and the sheet has just taken away what widgets had set by hand.
    for widget in app.allWidgets():
        QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.PaletteChange))


def dress(app: QApplication) -> None:
    """Put the style sheet on. With no widget yet `apply` leaves it."""
    if app.styleSheet():
        _undress(app)
    app.setStyleSheet(stylesheet.sheet(_state.theme))


def _undress(app: QApplication) -> None:
    """Take the style sheet off every widget, also off one that was asked for its style and never shown.

    Qt marks a widget that it has looked up in a sheet and listens for its end, once for each mark. With the last sheet
    goes what listens, but the mark stays on a widget that was not polished yet: in the next sheet nobody hears of its
    end, and a sheet in the place of that one (QStyleSheetStyle::repolish) walks into freed memory.
    """
    app.setStyleSheet("")
    for widget in app.allWidgets():
        if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
            widget.setAttribute(Qt.WidgetAttribute.WA_StyleSheet, False)


def chosen() -> str:
    """What was asked for: "dark", "light", "presentation" or "system"."""
    return _state.name


def palette(theme: Theme) -> QPalette:
    """Qt's own roles, so that dialogs, tables and menus agree with the rest."""
    role = QPalette.ColorRole
    colors = {
        role.Window: theme.panel,
        role.WindowText: theme.text,
        role.Base: theme.background if theme.dark else QColor("#FFFFFF"),
        role.AlternateBase: theme.card,
        role.Text: theme.text,
        role.PlaceholderText: theme.secondary,
        role.Button: theme.control,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.ToolTipBase: theme.control,
        role.ToolTipText: theme.text,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Accent: theme.accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Light: theme.hover,
        role.Midlight: theme.border,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: theme.background,
    }
    result = QPalette()
    for which, color in colors.items():
        result.setColor(which, color)
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, which, theme.dashed)
    return result


def _luminance(color: QColor) -> float:
    return _luminances(color)[0]


def _luminances(color: QColor) -> tuple[float, ...]:
    """The luminance of a colour for each of the eyes of colormaps."""
    channels = (color.redF(), color.greenF(), color.blueF())
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return tuple(
        sum(weight * part for weight, part in zip(eye, linear, strict=True)) for eye in colormaps.EYES.tolist()
    )


@functools.lru_cache(maxsize=128)
def _svg(name: str) -> str:
    return find(f"icons/{name}.svg").read_text(encoding="utf-8")


@functools.lru_cache(maxsize=256)
def _drawn(name: str, color: str, filled: bool, size: int, ratio: int) -> QPixmap:
    from PyQt6.QtSvg import QSvgRenderer  # only where the first icon is drawn: a console command needs none

    svg = _svg(name).replace("currentColor", color)
    if filled:
        svg = svg.replace('fill="none"', f'fill="{color}"')
    pixmap = QPixmap(QSize(size * ratio, size * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _system() -> str:
    hints = QGuiApplication.styleHints()
    scheme = hints.colorScheme() if hints is not None else Qt.ColorScheme.Unknown
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"


def _follow() -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication) and _state.name == "system" and _state.theme.name != _system():
        apply(app, "system", _state.theme.scale)


def _made(name: str, colors: str, phases: str, factors: str, nonfinite: str, **maps: Table | float) -> Theme:
    """A theme from words: `colors` is a list of field=#rrggbb."""
    fields: dict[str, Any] = {key: QColor(value) for key, value in (word.split("=") for word in colors.split())}
    phase = MappingProxyType({letter: QColor(color) for letter, color in zip(PHASES, phases.split(), strict=True)})
    operands = tuple(QColor(color) for color in factors.split())
    fields |= maps
    return Theme(name=name, nonfinite=QColor(nonfinite), phase=phase, factors=operands, **fields)


def _dark() -> Theme:
    nonfinite = "#00E5FF"
    return _made(
        "dark",
        """background=#10141A panel=#161B23 card=#1C222B selected=#1C2A3A control=#222935 hover=#3B4554 border=#262D38
        control_border=#323B48 groove=#495B70 track=#2A313B accent=#5AB0FF on_accent=#10141A glow=#FFF1C2 text=#E6EAF0
        secondary=#A9B4C2 dashed=#6B7787 zero=#6B7787 good=#3DD6A3 warning=#F2C14E warning_background=#2A2416
        error=#FF8A80 error_background=#33191A""",
        phases="#3B8FE0 #F2B8DC #F28E2B #3DD6A3",
        factors="#7CC4FF #F0E6F5 #9BE59B #FFC66B",
        nonfinite=nonfinite,
        gradient_map=colormaps.table(colormaps.samples(colormaps.INFERNO), nonfinite, 0.48, 1.0),
        signed_map=colormaps.table(("#7CC4FF", "#2F6FA8", "#2A313B", "#B06A10", "#FFC66B"), nonfinite),
        activation_map=colormaps.table(("#1B2A3A", "#2E6DA4", "#8CCBFF"), nonfinite),
        saturation_map=colormaps.table(colormaps.grey_ramp(), nonfinite),
        layer_map=colormaps.table(colormaps.samples(colormaps.VIRIDIS), nonfinite, 0.35, 1.0),
    )


def _light() -> Theme:
    nonfinite = "#007C91"
    return _made(
        "light",
        """background=#FFFFFF panel=#F8FAFC card=#FFFFFF selected=#EAF3FC control=#FFFFFF hover=#E9EDF1 border=#DCE2E8
        control_border=#C3CBD4 groove=#8EA8C6 track=#E3E8ED accent=#0B5CAD on_accent=#FFFFFF glow=#0B5CAD text=#1B2430
        secondary=#4A5565 dashed=#7D8794 zero=#7D8794 good=#006B4F warning=#8A5A00 warning_background=#FEF5DE
        error=#B3261E error_background=#FDECEA""",
        phases="#0072B2 #5B1A7A #B35900 #004D38",
        factors="#0072B2 #5B1A7A #1B7A3D #B35900",
        nonfinite=nonfinite,
        gradient_map=colormaps.table(colormaps.samples(colormaps.INFERNO), nonfinite, 0.68, 0.05),
        signed_map=colormaps.table(("#0B4F8A", "#7FB2DC", "#F1F3F5", "#E3A65A", "#8A4300"), nonfinite),
        activation_map=colormaps.table(("#E8F1FA", "#6FA8DC", "#0B3D70"), nonfinite),
        saturation_map=colormaps.table(colormaps.grey_ramp(), nonfinite, 1.0, 0.0),
        layer_map=colormaps.table(colormaps.samples(colormaps.VIRIDIS), nonfinite, 0.65, 0.0),
    )


def _presentation() -> Theme:
    """Black on white. Maps keep their colours and begin where a line can be seen; tints give way to outlines."""
    nonfinite = "#006A7D"
    return _made(
        "presentation",
        """background=#FFFFFF panel=#FFFFFF card=#FFFFFF selected=#E3EDF8 control=#FFFFFF hover=#E6E6E6 border=#767676
        control_border=#5E5E5E groove=#5E5E5E track=#DADADA accent=#0B4F9E on_accent=#FFFFFF glow=#0B4F9E text=#000000
        secondary=#2B2B2B dashed=#5E5E5E zero=#5E5E5E good=#00563F warning=#7A4F00 warning_background=#FFF6E0
        error=#A3180F error_background=#FDEEEC""",
        phases="#0065A3 #5B1A7A #9A4C00 #004D38",
        factors="#0065A3 #5B1A7A #17692F #9A4C00",
        nonfinite=nonfinite,
        gradient_map=colormaps.table(colormaps.samples(colormaps.INFERNO), nonfinite, 0.54, 0.0),
        signed_map=colormaps.readable(
            colormaps.table(("#0B4F8A", "#3A7FB7", "#858585", "#B8741C", "#8A4300"), nonfinite)
        ),
        activation_map=colormaps.readable(colormaps.table(("#E8F1FA", "#6FA8DC", "#0B3D70"), nonfinite)),
        saturation_map=colormaps.table(colormaps.grey_ramp(), nonfinite, 1.0, 0.0),
        layer_map=colormaps.table(colormaps.samples(colormaps.VIRIDIS), nonfinite, 0.4, 0.0),
        faintest=0.85,
    )


class _Themes(Mapping[str, Theme]):
    """The themes by name. Each is made when it is first asked for: its maps would hold up every start."""

    def __init__(self, **makers: Callable[[], Theme]) -> None:
        self._makers = makers
        self._made: dict[str, Theme] = {}

    @override
    def __getitem__(self, name: str) -> Theme:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    @override
    def __len__(self) -> int:
        return len(self._makers)


THEMES: Mapping[str, Theme] = _Themes(dark=_dark, light=_light, presentation=_presentation)


class _State:
    """What is in use in this process; an application has one look."""

    def __init__(self) -> None:
        self.name = "dark"
        self.theme = THEMES["dark"]
        self.listening = False
        self.styled = False


_state = _State()
