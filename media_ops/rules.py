"""When a file is processed whole although cutting was wished for, when it is refused or fails: one table.

The code names a rule where it applies it, jobs carry its name (`slicing.rule`, `error.rule`), and the page
`docs/rules.md` is made from the table. What no rule names must be processed in segments, exactly.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Rule(NamedTuple):
    """One rule: what happens, when, and why nothing better can be done."""

    name: str
    effect: Literal["whole", "refused", "failed"]
    when: str
    why: str


_TABLE = (
    Rule(
        "asked-whole",
        "whole",
        "the request says so, or asks for one segment",
        "it is the user's choice",
    ),
    Rule(
        "too-little-work",
        "whole",
        "the predicted work is too small for two segments, or there is one worker, and no number was asked for",
        "starting processes and checking joints would cost more than they save",
    ),
    Rule(
        "few-entries",
        "whole",
        "more than half of the frames would be decoded twice, and no number of segments was asked for",
        "the source has few places where decoding can begin, so every worker would start far back",
    ),
    Rule(
        "few-gops",
        "whole",
        "the algorithm takes whole GOPs only, and the source has one that can be decoded alone",
        "there is no other place at which a segment of it may begin",
    ),
    Rule(
        "few-keys",
        "whole",
        "key frames are asked for at fixed times, and there is but one such time in the film",
        "a segment begins with a key frame, which may be at no other place",
    ),
    Rule(
        "concealed",
        "whole",
        "the source is damaged and `on_damage` is `conceal`",
        "what a decoder makes of a damaged place depends on everything it decoded before",
    ),
    Rule(
        "unbounded",
        "whole",
        "the algorithm needs every frame before the one it works on",
        "a segment of it could only begin at the film's beginning",
    ),
    Rule(
        "blended",
        "whole",
        "segments of the algorithm do not join exactly, and `blend` does not ask for cross-fades",
        "a result that depends on where it was cut is made only for those who ask for it",
    ),
    Rule(
        "several-pictures",
        "whole",
        "a packet holds several pictures (packed B-frames in AVI)",
        "pictures are told apart by their packets",
    ),
    Rule(
        "backward-times",
        "refused",
        "presentation times run backwards",
        "no container can show that, and frames put in order of time would not be in the source's order",
    ),
    Rule(
        "no-time",
        "refused",
        "all frames have one presentation time",
        "no time passes in which they could be shown",
    ),
    Rule(
        "time-leap",
        "refused",
        "a frame would have to be shown for more than 2^31 ticks, 6.6 hours of a transport stream",
        "MP4 and MOV cannot hold that; the clock of a stream that was cut together from several starts anew there",
    ),
    Rule(
        "encrypted",
        "refused",
        "packets of the video are encrypted",
        "without the key nothing of the picture is there",
    ),
    Rule(
        "container",
        "refused",
        "the file is a playlist, a list of files, text, or of a container that may lead to other files",
        "nothing but the file itself may be read, so only demuxers that keep to one file are allowed",
    ),
    Rule(
        "no-decoder",
        "refused",
        "FFmpeg has no decoder for the codec, or the first picture cannot be decoded, so its format is not known",
        "no picture can be seen",
    ),
    Rule(
        "too-large",
        "refused",
        "a picture has more pixels than 8192x8192 (`MEDIA_OPS_MAX_PIXELS`)",
        "a few damaged bytes in a header can ask for pictures that no machine has the memory for",
    ),
    Rule(
        "unreadable-name",
        "refused",
        "the file's name is not valid UTF-8",
        "requests, reports and proofs are text, and could not name the file",
    ),
    Rule(
        "odd-size",
        "refused",
        "width or height of the result is odd and the encoder would subsample chroma there",
        "H.264 and H.265 in 4:2:0 cannot hold such a picture without adding or cutting a line; a target height can",
    ),
    Rule(
        "small-picture",
        "refused",
        "width or height of the result is below what the encoder takes",
        "nothing could be encoded",
    ),
    Rule(
        "interlaced-scaling",
        "refused",
        "a target height is asked for and the source is interlaced",
        "its two fields are two moments; scaled as one picture they would be mixed",
    ),
    Rule(
        "anamorphic-matroska",
        "refused",
        "samples are not square, the output is Matroska or WebM, and its video AV1 or FFV1",
        "neither stream says how wide a sample is, and PyAV cannot tell Matroska's muxer",
    ),
    Rule(
        "codec-container",
        "refused",
        "the output's container cannot hold what the algorithm encodes, such as H.264 in WebM",
        "no player would open the result",
    ),
    Rule(
        "rate-too-low",
        "refused",
        "a bit rate, or a buffer, is too small for the picture, at the encoder's coarsest",
        "the result would have more bits than were asked for",
    ),
    Rule(
        "rate-too-high",
        "refused",
        "a bit rate is above what the highest level of the codec allows",
        "no decoder has to show the result",
    ),
    Rule(
        "quality-out-of-reach",
        "refused",
        "the encoder's finest quality is below the measured one that was asked for, in one segment at least",
        "the result would be worse than it says",
    ),
    Rule(
        "larger-than-source",
        "refused",
        "a rendition of a ladder has more lines than the source, and `upscale` does not ask for that",
        "it would cost bits and show nothing more",
    ),
    Rule(
        "changing-picture",
        "refused",
        "size or pixel format of the picture changes in the middle",
        "one track of the result has one size; scaling part of a film unasked would not be what the source shows",
    ),
    Rule(
        "damaged",
        "refused",
        "a picture cannot be decoded without errors and `on_damage` is `strict`",
        "a guess is not the source's picture; `on_damage: conceal` accepts the decoder's guess and lists the places",
    ),
    Rule(
        "sound-times",
        "refused",
        "by its times, more than a tenth of a sound track that must be encoded lies over the rest of it",
        "nobody can say when it is to be heard, and what overlaps would be lost",
    ),
    Rule(
        "graphics-colour",
        "refused",
        "text or a logo is to be drawn, and the source is ICtCp, has constant luminance, or linear or log light",
        "no convention says what the colours of graphics are in it",
    ),
    Rule(
        "no-pixel-format",
        "refused",
        "the encoder, or an algorithm that works on arrays, takes no pixel format near the source's",
        "nothing could be encoded; numbers beyond 16 bits or with a fraction would be cut off",
    ),
    Rule(
        "no-matrix",
        "refused",
        "an algorithm asks for RGB, and the colours are coded by more than a matrix (ICtCp, for one)",
        "the algorithm would see wrong colours",
    ),
    Rule(
        "seam-shows",
        "failed",
        "`seams` is `fail`, and a frame within 3 of a joint lies more than `seam_limit_db` under its neighbours",
        "where the cut is may be seen; a lower CRF or other segments help, and `seams: warn` takes it as it is",
    ),
)
RULES = {rule.name: rule for rule in _TABLE}


def table() -> str:
    """Give the rules as a Markdown table."""
    lines = ["| rule | what happens | when | why |", "| --- | --- | --- | --- |"]
    does = {"whole": "processed whole", "refused": "refused", "failed": "fails"}
    lines += [f"| `{rule.name}` | {does[rule.effect]} | {rule.when} | {rule.why} |" for rule in _TABLE]
    return "\n".join(lines)


def page() -> str:
    """Give `docs/rules.md`."""
    return (
        "# Rules\n\n"
        "When a file is processed whole although cutting was wished for, when it is refused before any "
        "computing, and when it fails after that. A job names the rule in `slicing.rule` or `error.rule`; what no "
        "rule names is cut, exactly, or is no media at all. `make rules` writes this page from `media_ops/rules.py`."
        "\n\n" + table() + "\n"
    )


if __name__ == "__main__":
    print(page(), end="")
