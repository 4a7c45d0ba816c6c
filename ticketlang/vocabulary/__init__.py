"""What the names of the language mean: tables of facts, one to a file.

A row that says `runs = False` validates and plans; its file of the runtime is still to come.
"""
