"""Public data sets: what each file means and how it is read, one data set or form a file."""
