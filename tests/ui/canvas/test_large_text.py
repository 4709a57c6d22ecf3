"""Large text on a small screen."""

from dataclasses import replace
from typing import Any

import pytest

from ui import theme
from ui.canvas.geometry import HEADLINE, LEGEND, layout_for


@pytest.mark.parametrize("name", ["mazur", "iris", "xor"])
@pytest.mark.parametrize("size", [(760, 340), (690, 310)])
def test_a_low_canvas_still_holds_the_whole_network(easel: Any, name: str, size: tuple[int, int]) -> None:
    frame = easel.frame_of(name)
    look = replace(theme.THEMES["dark"], scale=1.5)
    layout = layout_for(frame, *size, look)
    room = size[1] - look.px(HEADLINE) - look.px(LEGEND)
    lowest = max(float(column[-1, 1]) + layout.radius(at) for at, column in enumerate(layout.centers))
    assert max(lowest, float(layout.plus_ones[:, 1].max()) + layout.plus_one_size) <= room
