"""What came of circuits, for whoever looks closely: outcomes with intervals, and two runs set side by side."""
