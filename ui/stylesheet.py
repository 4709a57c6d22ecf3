"""The style sheet of the application: one template, filled with the colours of a theme.

Widgets choose a look by object property or name, not by a sheet of their own:
`setProperty("role", …)` with one of card, heading, secondary, mono, transport, segment, flat, primary, chip, warning,
error, good. Keyboard focus is a visible ring on everything that can have it.

Labels and tips are plain text, because titles and names come from files: Qt would take `<img src=…>` in one of them for
a picture, and fetch it. A label that says `setProperty("markup", True)` escapes what it did not write itself.
"""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from PyQt6.QtGui import QColor

from bpstudio.files.asset import find

if TYPE_CHECKING:
    from ui.theme import Theme

_SHEET = Template("""
* { outline: 0; }
QToolTip { background: $control; color: $text; border: 1px solid $control_border; padding: ${p4}px ${p8}px;
    qproperty-textFormat: PlainText; }
QMainWindow, QDialog { background: $panel; }

QMenuBar { background: $panel; color: $secondary; padding: 1px ${p6}px; border: 0; }
QMenuBar::item { background: transparent; padding: ${p4}px ${m11}px; border-radius: 5px; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $control; color: $text; }
QMenu { background: $card; color: $text; border: 1px solid $control_border; border-radius: 8px; padding: 6px; }
QMenu::item { padding: ${p6}px ${p28}px ${p6}px ${p12}px; border-radius: 5px; }
QMenu::item:selected { background: $selected; }
QMenu::item:disabled { color: $dashed; }
QMenu::icon { padding-left: ${p8}px; }
QMenu::separator { height: 1px; background: $border; margin: 5px 8px; }

QToolBar { background: $background; border: 0; border-bottom: 1px solid $border; spacing: ${p6}px; padding: 0; }
QSplitter { background: $border; }
#above, #toolbar { background: $background; }
#bottom { background: $panel; }
#hairline { background: $border; border: 0; }
QDialog QSplitter { background: transparent; }
QSplitter::handle { background: $border; }
QSplitter::handle:hover { background: $accent; }

QLabel { background: transparent; qproperty-textFormat: PlainText; }
QLabel[markup="true"] { qproperty-textFormat: RichText; }
QLabel[role="secondary"] { color: $secondary; }
QLabel[role="heading"] { color: $text; font-weight: 600; }
QLabel[role="mono"] { color: $text; font-family: $mono; }
QLabel[letters="title"] { font-size: ${p15}px; font-weight: 600; }
QLabel[letters="large"] { font-size: ${p15}px; }
QLabel[letters="bold"] { font-weight: 600; }
QLabel[letters="small"] { font-size: ${p12}px; }
QLabel[letters="digits"] { font-family: $mono; font-size: ${p12}px; }
QLabel[letters="value"] { font-family: $mono; font-size: ${p16}px; font-weight: 600; }
QLabel[role="good"] { color: $good; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="error"] { color: $error; }

QFrame[role="card"] { background: $card; border: 1px solid $border; border-radius: 8px; }
QFrame[role="card"][selected="true"] { background: $selected; border: 1px solid $accent; }
QFrame[role="line"] { background: transparent; border: 1px solid transparent; border-radius: 6px; }
QFrame[role="line"]:hover { background: $line; }
QFrame[role="line"][selected="true"] { background: $card; border: 1px solid $border; }
QFrame[role="warning"] { background: $warning_background; border: 1px solid $warning; border-radius: 6px; }
QFrame[role="error"] { background: $error_background; border: 1px solid $error; border-radius: 6px; }
QLabel[role="warning"], QLabel[role="error"] { background: transparent; border: 0; }
QFrame[role="erratum"] { background: transparent; border: 0; border-left: 3px solid $warning; }
QFrame[role="tour"] { background: $selected; border: 0; border-left: 3px solid $accent; }
QFrame[role="message-good"] { background: $card; border: 0; border-top: 1px solid $border; }
QFrame[role="message-warning"] { background: $warning_background; border: 0; border-top: 1px solid $warning; }
QFrame[role="message-error"] { background: $error_background; border: 0; border-top: 1px solid $error; }

QPushButton, QToolButton { background: $control; color: $text; border: 1px solid $button_border; border-radius: 6px;
    padding: ${p5}px ${p12}px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $selected; }
QPushButton:focus, QToolButton:focus { border: $ring solid $accent; }
QPushButton:disabled, QToolButton:disabled { color: $dashed; }
QPushButton:default, QPushButton[role="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton:default:hover, QPushButton[role="primary"]:hover { background: $accent_hover; }
QPushButton:default:focus, QPushButton[role="primary"]:focus { border: 3px double $on_accent;
    padding: ${p3}px ${p10}px; }
QPushButton:default:disabled, QPushButton[role="primary"]:disabled { background: $control; color: $dashed;
    border-color: $button_border; }
QToolButton[role="transport"] { background: $transport; border: 1px solid transparent; border-radius: 7px; padding: 0;
    min-width: ${p38}px; max-width: ${p38}px; min-height: ${p29}px; max-height: ${p29}px; }
QToolButton[role="transport"]:hover { background: $hover; }
QToolButton[role="transport"]:focus { border: $ring solid $accent; }
QToolButton[role="transport"][primary="true"] { background: $accent; }
QToolButton[role="transport"][primary="true"]:hover { background: $accent_hover; }
QToolButton[role="transport"][primary="true"]:focus { border: 2px solid $text; }
QToolButton[role="flat"], QPushButton[role="flat"] { background: transparent; border: 1px solid transparent;
    padding: 2px ${p4}px; }
QToolButton[role="flat"]:hover, QPushButton[role="flat"]:hover { background: $control; }
QToolButton[role="flat"]:focus, QPushButton[role="flat"]:focus { border: $ring solid $accent; }
QToolButton[role="link"], QPushButton[role="link"] { background: transparent; border: 1px solid transparent;
    color: $accent; padding: 1px ${p3}px; }
QToolButton[role="link"]:disabled, QPushButton[role="link"]:disabled { color: $dashed; }
QToolButton[role="link"]:focus, QPushButton[role="link"]:focus { border: $ring solid $accent; }
QToolButton[role="assumed"] { background: transparent; color: $secondary; padding: 0 ${p3}px;
    border: 1px solid transparent; border-bottom: 1px dotted $dashed; border-radius: 0; font-size: ${p12}px; }
QToolButton[role="assumed"]:hover { color: $text; border-bottom: 1px solid $accent; }
QToolButton[role="assumed"]:focus { border: $ring solid $accent; border-radius: 3px; }
QToolButton::menu-indicator, QPushButton::menu-indicator { image: none; }
QPushButton[role="remedy"] { padding: 0 ${p8}px; border-radius: 5px; }
QPushButton[role="add"] { background: transparent; border: 1px dashed $dashed; color: $secondary; border-radius: 8px; }
QPushButton[role="add"]:hover { color: $text; border-color: $accent; }
QPushButton[role="add"]:focus { border: $ring solid $accent; }

QPushButton[role="door"] { background: $card; border: 1px solid $control_border; border-radius: 12px; padding: 0; }
QPushButton[role="door"]:hover { background: $selected; border: 1px solid $accent; }
QPushButton[role="door"]:focus { border: 2px solid $accent; }
QPushButton[role="way"] { background: transparent; border: 1px solid transparent; color: $accent; text-align: left;
    padding: 1px ${p4}px; }
QPushButton[role="way"]:hover { background: $hover; }
QPushButton[role="way"]:focus { border: $ring solid $accent; }

QPushButton[role="heading"] { background: transparent; border: 1px solid transparent; color: $secondary;
    font-weight: 600; text-align: left; padding: 2px ${p3}px; }
QPushButton[role="heading"]:hover { color: $text; }
QPushButton[role="heading"]:focus { border: $ring solid $accent; }

QFrame[role="segments"] { background: $segments; border: 1px solid $segments; border-radius: 8px; }
QToolButton[role="segment"] { background: transparent; color: $secondary; border: 1px solid transparent;
    border-radius: 6px; padding: ${p4}px ${p11}px; }
QToolButton[role="segment"]:hover { color: $text; }
QToolButton[role="segment"]:checked { background: $segment; color: $text; font-weight: 600;
    border: 1px solid $segment_border; }
QToolButton[role="segment"]:focus { border: $ring solid $accent; }

QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit { background: $field; color: $text;
    border: 1px solid $field_border; border-radius: 5px; padding: ${p3}px ${p6}px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover { border: 1px solid $groove; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border: $ring solid $accent; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { color: $dashed; }
QLineEdit[state="error"], QComboBox[state="error"], QAbstractSpinBox[state="error"] { border: 1px solid $error; }
QLineEdit[letters="value"] { font-family: $mono; font-size: ${p16}px; font-weight: 600; }
QLineEdit[letters="digits"] { font-family: $mono; font-size: ${p14}px; }
QComboBox::drop-down { border: 0; width: ${p20}px; }
QComboBox::down-arrow { image: url("$arrow"); width: ${p14}px; height: ${p14}px; }
QComboBox QAbstractItemView { background: $card; color: $text; border: 1px solid $control_border; padding: 4px;
    selection-background-color: $selected; selection-color: $text; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: 0; }

QCheckBox, QRadioButton { spacing: ${p8}px; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator, QListWidget::indicator {
    width: ${p14}px; height: ${p14}px; border: 1px solid $dashed;
    background: $field; border-radius: 4px; }
QRadioButton::indicator { border-radius: ${p7}px; }
QCheckBox::indicator:checked, QListWidget::indicator:checked {
    background: $accent; border-color: $accent; image: url("$check"); }
QRadioButton::indicator:checked { border: 1px solid $accent; background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5,
    fx: 0.5, fy: 0.5, stop: 0 $accent, stop: 0.55 $accent, stop: 0.65 $field, stop: 1 $field); }
QCheckBox, QRadioButton { border: 1px solid transparent; border-radius: 5px; padding: 1px; }
QCheckBox:focus, QRadioButton:focus { border: 1px solid $accent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: $ring solid $accent; }

QSlider { background: transparent; min-height: ${p22}px; }
QSlider::groove:horizontal { height: 4px; background: $groove; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $groove; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -6px 0; border-radius: 8px; background: $handle;
    border: 1px solid $handle; }
QSlider::handle:horizontal:hover { background: $accent; border-color: $accent; }
QSlider::handle:horizontal:focus { width: 10px; height: 10px; background: $background; border: 3px solid $accent; }
QSlider::handle:horizontal:disabled { background: $dashed; border-color: $dashed; }

QScrollArea, QAbstractScrollArea { border: 0; background: transparent; }
QScrollArea:focus { border: $ring solid $accent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $scroll; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $groove; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QTableView, QTreeView, QListView { background: $background; alternate-background-color: $card; color: $text;
    gridline-color: $border; border: 1px solid $border; border-radius: 6px;
    selection-background-color: $selected; selection-color: $text; }
QTableView:focus, QTreeView:focus, QListView:focus { border: $ring solid $accent; }
QHeaderView { background: $panel; border: 0; }
QHeaderView::section { background: $panel; color: $secondary; border: 0;
    border-bottom: 1px solid $border; padding: ${p3}px ${p6}px; font-weight: 400; }
QTreeView[role="offers"]::item { padding: ${p4}px ${p6}px; }
QListView[role="sets"]::item { padding: ${p4}px ${p6}px; }
QTableView[role="changes"]::item { padding: ${p4}px ${p3}px; }
QTableView[role="small"] QHeaderView::section { padding: ${p3}px 0; }
QTableView[role="form"]::item { padding: 0 ${p6}px; }
QTableView[role="lines"]::item, QTableView[role="lines"] QHeaderView::section { padding: 0 2px; }
QTableCornerButton::section { background: $panel; border: 0; }
QTabWidget::pane { border: 0; }
QTabBar::tab { background: transparent; color: $secondary; padding: ${p5}px ${p10}px; border: 0;
    border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar:focus { border: $ring solid $accent; }
QProgressBar { background: $track; border: 0; border-radius: 3px; height: 6px; text-align: center; color: $text; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QGroupBox { border: 1px solid $border; border-radius: 8px; margin-top: ${p10}px; padding: ${p8}px; }
QGroupBox::title { subcontrol-origin: margin; left: 10px; color: $secondary; }
""")


def sheet(theme: Theme) -> str:
    """The filled style sheet of a theme at its text size."""
    dark = theme.dark
    names = (
        "background panel card selected control hover border control_border groove track accent on_accent text "
        "secondary dashed good warning warning_background error error_background"
    )
    values = {name: getattr(theme, name).name() for name in names.split()}
    values |= {f"p{n}": str(theme.px(n)) for n in (3, 4, 5, 6, 7, 8, 10, 11, 12, 14, 15, 16, 20, 22, 28, 29, 38)}
    values["m11"] = str(theme.beside(11))
    values |= {
        # Where every border is black already, a blue one of the same width says little.
        "ring": "2px" if theme.name == "presentation" else "1px",
        "accent_hover": _toward(theme.accent, theme.text, 0.18).name(),
        "button_border": (theme.control if dark else theme.control_border).name(),
        "line": (theme.card if dark else theme.hover).name(),
        "transport": (theme.control if dark else theme.hover).name(),
        "segments": (theme.card if dark else theme.hover).name(),
        "segment": (theme.hover if dark else theme.background).name(),
        "segment_border": (theme.hover if dark else theme.border).name(),
        "field": theme.control.name(),
        "field_border": (theme.control if dark else theme.control_border).name(),
        "handle": (theme.text if dark else theme.accent).name(),
        "scroll": (theme.hover if dark else theme.control_border).name(),
        "arrow": find(f"icons/theme/chevron-down-{theme.name}.svg").as_posix(),
        "check": find(f"icons/theme/check-{theme.name}.svg").as_posix(),
        "mono": ", ".join(f'"{family}"' for family in theme.font(mono=True).families()),
    }
    return _SHEET.substitute(values)


def _toward(color: QColor, other: QColor, share: float) -> QColor:
    mixed = (a + (b - a) * share for a, b in zip(color.getRgb()[:3], other.getRgb()[:3], strict=True))
    return QColor(*(round(channel) for channel in mixed))
