"""When links are missing, does pretraining pay?"""
