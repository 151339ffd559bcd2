"""Write a query or an operation as a complete program for curl, Python, Java or PHP."""
