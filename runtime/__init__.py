"""The execution of studies: plan in, results out."""

PLAN_FORMAT = 2  # of the plans this package can run; `ticketlang.plan.PLAN_FORMAT` must be the same
