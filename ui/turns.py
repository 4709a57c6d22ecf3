"""Who is shown which frame, and when: at rest everybody each one, while training runs in turns.

Sixty frames a second arrive then. The network gets every one of them; panels take turns, because text changes slower
than pictures; and what takes long (the text of the network, each plot) is drawn one at a time, when the frame is on the
screen already. Each comes round about ten times a second, and no frame is late because of several.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QEvent, QObject
from typing_extensions import override

from ui.later import after_painting

if TYPE_CHECKING:
    from bpstudio.training.frame import Frame


class View(Protocol):
    """What can be shown a frame."""

    def show_frame(self, frame: Frame) -> None: ...


class Paced(Protocol):
    """What is drawn only now and then while training runs."""

    @property
    def wait(self) -> int:
        """For how many milliseconds it could have been drawn again; below 0: not yet, or nobody sees it."""

    def refresh(self) -> None: ...


class Turns(QObject):
    """`pictures` are shown every frame, `panels` take turns, `paced` tells what is drawn after the painting."""

    def __init__(self, pictures: Sequence[View], panels: Sequence[View], paced: Callable[[], Sequence[Paced]]) -> None:
        super().__init__()
        self._pictures, self._panels, self._paced = list(pictures), list(panels), paced
        self._frame: Frame | None = None
        self._turn = 0

    def show_frame(self, frame: Frame) -> None:
        """Hand a frame to whose turn it is."""
        goes_on = frame.run == "running" and self._frame is not None and self._frame.run == "running"
        self._frame = frame
        for picture in self._pictures:
            picture.show_frame(frame)
        if goes_on:
            self._turn = (self._turn + 1) % len(self._panels)
        for panel in [self._panels[self._turn]] if goes_on else self._panels:
            panel.show_frame(frame)
        if frame.run == "running":
            after_painting(self)

    def add(self, view: View, is_picture: bool = False) -> None:
        """A view that was made later; it is shown the newest frame."""
        (self._pictures if is_picture else self._panels).append(view)
        if self._frame is not None:
            view.show_frame(self._frame)

    # ---- Qt

    @override
    def customEvent(self, a0: QEvent | None) -> None:
        longest = max(self._paced(), key=lambda view: view.wait)
        if longest.wait >= 0:
            longest.refresh()
