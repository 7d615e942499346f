"""What several experiments need: tables of arms and seeds, figures."""
