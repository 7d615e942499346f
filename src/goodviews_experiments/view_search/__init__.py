"""Does a search find better views than a grid, random views or the screening of a study?"""
