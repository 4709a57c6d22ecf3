"""Work that waits until the window has been painted, so that no picture is late because of it."""

from PyQt6.QtCore import QCoreApplication, QEvent, QObject

AFTER_PAINTING = QEvent.Type(QEvent.registerEventType())


def after_painting(target: QObject) -> None:
    """Send `target` an event of this kind (`customEvent`) when what is to be painted now has been painted.

    Painting is posted with a low priority (-1), and of one priority what was posted first comes first. A timer of
    0 ms would not wait.
    """
    QCoreApplication.postEvent(target, QEvent(AFTER_PAINTING), -2)
