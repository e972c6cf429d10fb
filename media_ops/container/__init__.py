"""The result's container: time stamps, tracks beside the video, writing."""
