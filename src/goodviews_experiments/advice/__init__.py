"""Is the view that a study recommends the best one to pretrain with for long?"""
