"""Open foreign media for reading."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from media_ops.errors import NotMedia, NoVideo, SourceNotFound

# A playlist or a list of files (hls, dash, concat, sdp, ...) would make FFmpeg open whatever it names.
_DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,mpegtsraw,flv,live_flv,asf,asf_o,gif,apng,ogg,"
    "nut,ivf,mxf,gxf,dv,rm,h264,hevc,vvc,m4v,obu,av1,mjpeg,y4m,yuv4mpegpipe,swf,wtv,nsv,h263,h261,vc1,dirac,"
    "wav,aac,mp3,flac,ac3,eac3,dts,amr,caf,aiff,au,w64,ape,tta,wv,webp_pipe,png_pipe,jpeg_pipe"
)


def open_media(path: str | Path) -> InputContainer:
    """Open a local file with the demuxers and the one protocol that cannot lead anywhere else.

    Raises `SourceNotFound` or `NotMedia`.
    """
    options = {"protocol_whitelist": "file", "format_whitelist": _DEMUXERS}
    try:
        return av.open(str(path), container_options=options, metadata_errors="replace")
    except FileNotFoundError as error:
        raise SourceNotFound(f"{path}: there is no such file") from error
    except (FFmpegError, ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotMedia(f"{path}: not a media file that can be opened ({reason})") from error


def only_video(container: InputContainer) -> VideoStream:
    """Find the first video stream that is no cover picture and switch every other stream off, or raise `NoVideo`."""
    cover = av.stream.Disposition.attached_pic
    video = next((s for s in container.streams.video if not s.disposition & cover), None)
    if video is None:
        raise NoVideo(f"{container.name}: there is no video stream")
    for stream in container.streams:
        if stream.index != video.index:
            stream.discard = av.stream.Discard.all
    return video
