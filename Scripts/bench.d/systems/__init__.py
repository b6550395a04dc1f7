"""Ways to fetch a file over loopback: bare C, p2pd, and what people use instead."""
