"""Other programs that show or read the rows of an account: one file for each."""
