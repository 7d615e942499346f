"""The schedules of detection of the InfoMin paper, a few steps of them on drawn scenes."""
