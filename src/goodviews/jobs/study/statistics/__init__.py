"""From the results of cells to intervals, the curve and its peak, and regimes."""
