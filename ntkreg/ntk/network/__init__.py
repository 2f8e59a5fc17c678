"""The finite net: its shape, passes by hand, solvers, and its own linearisation.

`architecture` (shape, start, predictions) -> `branch_pass`, `backpropagation` (one step) ->
`gradient_descent`, `accelerated_descent`, `stochastic_descent`, `gradient_flow` (solvers).
"""
