"""The first network on a table of one's own: it fits, and it learns."""

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.training.carry import check_fit
from bpstudio.training.first_network import suggested
from bpstudio.training.session import Session


@pytest.mark.parametrize("task", ["regression", "binary", "classes"])
def test_what_is_suggested_fits_the_data_and_trains(task: str) -> None:
    y = np.array([0.0, 1, 0, 1])
    data = Dataset.from_arrays(np.arange(12.0).reshape(4, 3) / 12, y, task=task)  # type: ignore[arg-type]
    suggestion = suggested(data)
    check_fit(suggestion, data)
    session = Session(suggestion, data)
    before = session.loss
    session.run(200)
    assert session.loss < before
