"""What the names of the language mean: tables of facts, one to a file. A row says `runs` once a runtime file does it."""
