"""A picture that takes time to compute is asked for, one at a time, and shown when the answer comes.

What happens meanwhile only says that it will have to be asked for again: a run at full speed makes no queue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ui.runner import Question

Asked = TypeVar("Asked", bound=Question)
Answer = TypeVar("Answer")


class Asking(Generic[Asked, Answer]):
    """What one plot has asked. `ask` computes beside the training; without it, the answer is computed at once."""

    def __init__(
        self,
        kind: type[Answer],
        ask: Callable[[Question], None] | None,
        show: Callable[[Asked, Answer], None],
        ask_again: Callable[[], None],
    ) -> None:
        self._kind = kind
        self._ask = ask
        self._show = show
        self._ask_again = ask_again
        self._waiting: Asked | None = None
        self._again = False

    def postpones(self) -> bool:
        """Whether an answer is still to come; then what would be asked now is asked when it has come."""
        self._again = self._waiting is not None
        return self._again

    def put(self, question: Asked) -> None:
        """Ask this, and nothing else until it is answered."""
        self._waiting = question
        if self._ask is None:
            self.hear(question, question.answer(lambda share: None))
        else:
            self._ask(question)

    def drop(self) -> None:
        """Nothing is to be shown any more, whatever is answered."""
        self._waiting, self._again = None, False

    def hear(self, question: object, answer: object) -> None:
        """Take what was found out. Other people's questions and progress are passed over."""
        waiting = self._waiting
        if waiting is None or question is not waiting:
            return
        if isinstance(answer, self._kind):
            self._waiting = None
            self._show(waiting, answer)
        elif isinstance(answer, BaseException):
            self._waiting = None
        if self._waiting is None and self._again:
            self._again = False
            self._ask_again()
