"""The Python side of db-bootstrap: one process that has the project's Django loaded and answers requests over two pipes."""
