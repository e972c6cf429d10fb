"""What FFmpeg may use to open foreign media, and how it is told which file: nothing may lead to another one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from media_ops.storage.source import open_source

PROTOCOLS = "file"
# Demuxers that read the one file they are given. Left out are playlists and lists (hls, dash, concat, imf, WebM
# manifests), what opens other files or those beside it (sdp, image2 and its patterns, vobsub, mlv), devices, filter
# graphs (lavfi), text shown as pictures (tty, bin, xbin), and formats that do not say their size (rawvideo, v210).
DEMUXERS = ",".join(
    (
        "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpegtsraw,mpeg,mpegvideo,flv,live_flv,kux,asf,asf_o,ogg,nut",
        "ivf,mxf,mxg,gxf,dv,rm,ivr,swf,wtv,nsv,nuv,pva,ty,lxf,dhav,pmp,lvf,luodat,mtv,moflex,hxvs,cine,vividas",
        "h261,h263,h264,hevc,vvc,evc,m4v,obu,av1,apv,vc1,vc1test,dirac,cavsvideo,avs2,avs3,dnxhd,ipu,lmlm4",
        "mjpeg,mjpeg_2000,mpjpeg,smjpeg,ingenient,yuv4mpegpipe,gif,apng,jpegxl_anim",
        "webp_pipe,png_pipe,jpeg_pipe",
        "4xm,anm,argo_asf,argo_cvg,avr,avs,bethsoftvid,bfi,bink,c93,cdg,cdxl,dcstr,dfa,dsicin,dxa,ea,film_cpk",
        "flic,gdv,hnm,idcin,iff,ipmovie,iss,iv8,jv,mm,msf,msp,mv,mvi,nc,paf,psxstr,rl2,roq,rpl,sga,siff,smk,smush,sol",
        "thp,tiertexseq,tmv,usm,vivo,vmd,wc3movie,wsvqa,xmv,yop",
        "wav,w64,aac,loas,mp3,flac,ac3,eac3,ac4,dts,dtshd,amr,amrnb,amrwb,caf,aiff,au,ape,tta,tak,wv,mpc,mpc8,dsf,voc",
        "mlp,truehd,shn,oma,qcp",
    )
)


_PLAYLISTS = {"hls", "concat", "dash", "imf", "webm_dash_manifest", "sdp", "rtsp"}
_REFUSED = re.compile(r"\[(\S+) @ \w+\] Format not on whitelist")


def refusal(demuxer: str) -> str:
    """Say why what is read by a demuxer that is not allowed is not read at all."""
    if demuxer in _PLAYLISTS:
        return f"it is a playlist ({demuxer}); nothing but the file itself is ever read"
    if demuxer == "tty":
        return "it is text"
    return f"it would be read as {demuxer!r}, which is not among the containers that keep to one file"


def refused_demuxer(log: str) -> str | None:
    """Name the demuxer that FFmpeg's log says is not allowed."""
    match = _REFUSED.search(log)
    return match[1] if match else None


def address(path: str | Path) -> str:
    """Give the name of a file for FFmpeg. An absolute path is never taken for an option or for another protocol."""
    return os.path.abspath(path)


def forced(path: str | Path) -> str | None:
    """Name the demuxer of a picture whose name FFmpeg would take for a pattern, such as `my%20dog.gif`; else None."""
    if "%" not in os.path.basename(path):
        return None
    with open_source(path) as file:
        start = file.read(64)
    return next((demuxer for demuxer, tells in _PICTURES if tells(start)), None)


_PICTURES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("gif", lambda start: start[:4] == b"GIF8"),
    ("apng", lambda start: start[:8] == b"\x89PNG\r\n\x1a\n"),
    ("webp_pipe", lambda start: start[:4] == b"RIFF" and start[8:12] == b"WEBP"),
)
