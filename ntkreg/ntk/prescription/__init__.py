"""From the data to every constant of a training run.

`options` (what is asked) -> `folds` -> `exact_members` or `landmark_members` (metric, depth, stop
of each model of the stack, judged by `selection`) -> `stacking` -> `prescribe`.
"""
