"""Does each method learn, at one small scale?"""
