"""How good pictures are beside those they were made of: PSNR and SSIM by ourselves, VMAF by a program beside us.

`scores.measure` takes pairs of frames out of memory; `common.Common` brings two films to one size and format first.
Only a worker's child imports the modules that touch frames; `report` and `installed` cost nothing.
"""
