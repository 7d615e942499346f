"""Before a study: many compositions in short runs, to find the views that are worth a long one."""
