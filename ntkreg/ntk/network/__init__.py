"""The finite net: its shape, passes by hand, solvers, and its own linearisation.

`architecture` (shape, start), `units`, `outputs` (predictions) -> `branch_pass`, `smooth_pass`,
`backpropagation` (a step) -> `gradient_descent`, `accelerated_descent`, `stochastic_descent`,
`gradient_flow` (solvers).
"""
