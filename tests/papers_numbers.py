"""Tables of Chen et al. 2020 as they were published, for tests of what is said about them."""

# Chen et al. 2020, table 2: full BERT and the winning ticket, mean and deviation of five runs, in hundredths.
TABLE_2 = {
    "mnli": ((82.4, 0.5), (82.6, 0.2)),
    "qqp": ((90.2, 0.5), (90.0, 0.2)),
    "stsb": ((88.4, 0.3), (88.2, 0.2)),
    "wnli": ((54.9, 1.2), (54.9, 1.2)),
    "qnli": ((89.1, 1.0), (88.9, 0.4)),
    "mrpc": ((85.2, 0.1), (84.9, 0.4)),
    "rte": ((66.2, 3.6), (66.0, 2.4)),
    "sst2": ((92.1, 0.1), (91.9, 0.5)),
    "cola": ((54.5, 0.4), (53.8, 0.9)),
    "squad": ((88.1, 0.6), (87.7, 0.5)),
    "mlm": ((63.5, 0.1), (63.2, 0.3)),
}

# The same table: the sparsity of each winning ticket, in percent; and at that sparsity the means of random masks, and
# of random and of shuffled weights under the mask of the ticket.
SPARSITIES = {
    "mnli": 70, "qqp": 90, "stsb": 50, "wnli": 90, "qnli": 70, "mrpc": 50, "rte": 60, "sst2": 60, "cola": 50,
    "squad": 40, "mlm": 70,
}  # fmt: skip
BASELINES = {
    "random_mask": (67.5, 76.3, 21.0, 53.5, 61.9, 69.6, 56.0, 83.1, 9.6, 31.8, 32.3),
    "random_init": (61.0, 77.0, 9.2, 53.5, 60.5, 68.4, 54.5, 80.2, 0.0, 18.6, 14.4),
    "shuffled_init": (70.1, 79.2, 19.6, 53.3, 62.0, 69.6, 52.7, 82.6, 4.0, 24.2, 42.3),
}

# Chen et al. 2020, table 4: the sparsest tickets that match or exceed the mean of dense; of the others it says nothing.
TABLE_4 = {"qqp": 70, "stsb": 40, "qnli": 50, "mrpc": 40, "rte": 50, "sst2": 50, "cola": 40, "squad": 20, "mlm": 50}

# Chen et al. 2020, figure 2: gap to dense of the ticket of a source (row) at 70% on a target (column), in points, and
# the count of other targets on which it is at least the target's own ticket. The count of the last row is the one of
# these digits; the paper prints 4, since its unrounded means break the tie on squad.
TASKS = ("mnli", "qqp", "stsb", "wnli", "qnli", "mrpc", "rte", "sst2", "cola", "squad", "mlm")
MATRIX = {
    "mnli": ((0.14, -0.99, -3.63, -7.04, -1.80, -13.09, -5.41, -1.22, -43.32, -5.26, -5.96), 2),
    "qqp": ((-1.52, -0.25, -4.22, -2.82, -1.87, -12.93, -5.99, -3.25, -38.01, -6.59, -5.84), 2),
    "stsb": ((-2.34, -1.93, -1.75, 1.41, -2.97, -12.52, -8.76, -4.13, -50.20, -7.42, -5.89), 1),
    "wnli": ((-2.69, -2.67, -21.27, -5.17, -4.18, -15.33, -10.93, -4.78, -54.51, -7.85, -5.73), 0),
    "qnli": ((-1.59, -1.44, -5.24, 0.00, -0.19, -13.50, -7.20, -2.49, -50.86, -5.72, -6.01), 2),
    "mrpc": ((-2.41, -2.31, -7.15, 1.41, -3.48, -9.66, -11.29, -3.90, -47.03, -8.27, -5.74), 1),
    "rte": ((-2.21, -2.01, -8.90, 0.94, -2.65, -13.66, -7.79, -3.90, -52.96, -7.39, -5.70), 1),
    "sst2": ((-2.24, -1.75, -10.79, -0.94, -3.37, -14.56, -9.24, -2.06, -46.99, -7.11, -5.72), 1),
    "cola": ((-2.33, -1.90, -10.92, 0.00, -2.84, -14.40, -10.56, -3.48, -15.62, -7.15, -5.67), 1),
    "squad": ((-1.49, -1.29, -4.31, -0.94, 0.26, -13.17, -6.23, -1.87, -46.48, -2.83, -6.01), 4),
    "mlm": ((0.20, -0.16, -0.97, 0.12, 0.30, -3.65, -6.35, -0.19, -7.36, -2.29, -0.34), 10),
    "none": ((0.07, -0.57, -3.12, -1.41, -0.01, -12.68, -7.32, -0.99, -22.30, -2.83, -6.39), 5),
}
