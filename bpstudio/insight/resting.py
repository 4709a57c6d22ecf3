"""Why training rests where nobody stopped it."""

from __future__ import annotations

from bpstudio.insight.phrase import Phrase
from bpstudio.training.stopping import Stopped


def why(stopped: Stopped) -> Phrase:
    """Where training stopped by itself, what it had waited for, and which step is shown."""
    values = {"step": f"{stopped.step:,}", "count": f"{stopped.patience:,}", "best": f"{stopped.best:,}"}
    if not stopped.validated:
        return Phrase(
            "stopped early at step {step}: no better training loss, looked at {count} times; best at step {best}",
            values,
        )
    if stopped.patience == 1:
        return Phrase("stopped early at step {step}: the validation loss got no better; best at step {best}", values)
    return Phrase(
        "stopped early at step {step}: no better validation loss for {count} validations; best at step {best}", values
    )
