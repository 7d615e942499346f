"""Does a faster engine choose the same views?"""
