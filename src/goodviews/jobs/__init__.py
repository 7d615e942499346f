"""What a user can ask for: one folder and one function for each job."""
