"""Where a number comes from: typeset formulas, and cards that lay out their factors."""
