"""Servers whose rows move while they are read and whose pages are not as asked, and what a scan says of them."""
