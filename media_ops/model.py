"""The nouns: small frozen records that cross process boundaries as JSON.

Ranks count frames in presentation order from 0; ranges are half-open. PTS are integers in the source's time base,
which is written as a fraction such as `"1/12800"`. Seconds as floats appear in labels and descriptions only.
Large records (index, segment rows, signatures) are objects in the store; the nouns carry their keys.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

# Clean joints and whole-file runs stay under 4.7 dB (docs/decisions/0030).
SEAM_LIMIT_DB = 5.0


class Noun(BaseModel):
    """A frozen record that knows no field but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Colour(Noun):
    """Colour tags as FFmpeg names them; None where the stream says nothing."""

    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    range: str | None = None
    chroma_location: str | None = None


class JobOptions(Noun):
    """How a job is to be cut and proved, whatever the algorithm."""

    segments: int | None = Field(None, ge=1, description="Exactly so many segments; overrides reasons of cost.")
    segment_seconds: float | None = Field(None, ge=0.1, description="Wanted length of a segment, in seconds.")
    whole: bool = Field(False, description="Process the whole file in one piece.")
    verify: Literal["joints", "full"] = Field(
        "joints",
        description="`joints` decodes 12 frames either side of each joint and 12 at start, middle and end, "
        "`full` decodes everything, as a lossless job always does.",
    )
    threads: int | None = Field(
        None, ge=1, le=64, description="Threads of each decoder and encoder; None: 1, or all for a job in one piece."
    )
    blend: bool = Field(
        False,
        description="Cut algorithms that cannot be cut exactly, too, and cross-fade their segments; the proof tells.",
    )
    slices: Literal["virtual", "physical"] = Field(
        "virtual",
        description="`virtual`: each segment reads its part of the source by ranges; `physical`: its bytes are cut "
        "out first and put into the store, for workers that cannot reach the source.",
    )
    on_damage: Literal["strict", "conceal"] = Field(
        "strict",
        description="`strict` fails at the first damaged picture; `conceal` takes what the decoder makes of it, "
        "processes the whole file in one piece and lists the places in the proof.",
    )
    seams: Literal["warn", "fail", "off"] = Field(
        "warn",
        description="What is done where a joint shows: the job warns or fails; `off` does not look.",
    )
    seam_limit_db: float = Field(
        SEAM_LIMIT_DB,
        gt=0,
        le=100,
        description="A joint shows where a frame beside it lies further under its neighbours than this (dB of PSNR).",
    )


class Segment(Noun):
    """Ranks [start, end) to produce; [first, last) is what has to be decoded for it, warm-up included."""

    order: int
    start: int
    end: int
    first: int
    last: int
    label: str
    rows: str = Field(description="Key of the segment's own rows of the index.")
    slice: str | None = Field(None, description="Key of the source's bytes that it is read from; None: the source.")
    ahead: int = Field(0, ge=0, description="Frames from `end` on that the encoder looks at, and does not encode.")
    remove_frames: tuple[int, int] = Field(
        (0, 0), description="Frames before `start` and behind `end` that are processed too, and dropped."
    )
    remove_gop: tuple[int, int] = Field(
        (0, 0), description="How many whole GOPs `remove_frames` is, for algorithms that take only whole ones."
    )
    repeat: int = Field(0, ge=0, description="How often the last picture is processed again to fill a wanted length.")
    fade_in: int = Field(0, ge=0, description="Frames from `start` on that fade in from the segment before.")
    fade_out: int = Field(0, ge=0, description="Frames from `end` on that are made for the segment behind to fade.")


class Slicing(Noun):
    """Whether the job was cut, into how many segments, and why not when it was not.

    `rule` names the rule of `media_ops.rules` that declined.
    """

    used: bool
    segments: int
    reason: str | None = None
    rule: str | None = None


class Metrics(Noun):
    """What an attempt cost. CPU seconds are user + system of the child process, its start included."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    frames_decoded: int = 0
    bytes_read: int = Field(0, description="Bytes of a far source that were fetched.")
    bytes_written: int = 0
    peak_bytes: int = Field(0, description="Most memory that the child held at one moment.")
    algorithm_cpu_seconds: float = Field(0.0, description="Of `cpu_seconds`, those inside a frame algorithm.")
    moving_cpu_seconds: float = Field(0.0, description="Those that brought pictures into arrays and back.")
    watching_cpu_seconds: float = Field(
        0.0,
        description="What guarding it cost: limits and guard, of `cpu_seconds`, and those who watched it, beside.",
    )
    megapixel_frames: float = Field(0.0, description="Megapixels of the source that it was given, warm-up included.")


class Plan(Noun):
    """How a source is cut. A plan of one segment means that it is processed whole."""

    frames: int
    slicing: Slicing
    segments: list[Segment]
    looked: list[Segment] = Field([], description="What is analysed first; none where the algorithm does not ask.")
    warnings: list[str] = []
    metrics: Metrics = Field(Metrics(), description="What making physical slices cost.")


class Versions(Noun):
    """What computed a segment; segments of different versions are never joined."""

    wheel: str
    libavcodec: str
    encoder: str
    algorithm: str = Field("", description="Its name and version.")
    arrays: str = Field("", description="What a frame algorithm computes with: NumPy and OpenCV.")


class Part(Noun):
    """An object in a store as it was written."""

    key: str
    size: int
    sha256: str


class SegmentResult(Noun):
    """One segment, encoded: where it lies and what its makers saw."""

    order: int
    start: int
    end: int
    trace_id: str
    key: str = Field(description="Key of the encoded video, in a container that keeps the time base.")
    parts: list[Part] = Field(description="All objects of it, as they were written.")
    signatures: str = Field(description="Key of the luma signatures of every frame handed to the encoder.")
    fingerprints: dict[int, str] = Field(description="Digest of source frames by rank: start-1, start, end-1, end.")
    digests: str | None = Field(None, description="Key of PTS and digest of every source frame, where asked for.")
    codec_config: str = Field(description="Digest of the encoder's extradata.")
    coded: int = Field(0, description="Bytes of its packets.")
    reused: bool = Field(False, description="It was finished before, by another attempt, and found.")
    versions: Versions
    metrics: Metrics = Metrics()
    warnings: list[str] = []
    fades: dict[Literal["in", "out"], str] = Field(
        {},
        description="Keys of frames, bit by bit, from `start` on and from `end` on that are to be cross-faded.",
    )
    ends: dict[int, tuple[float, float]] = Field(
        {},
        description="PSNR of the first and the last 12 encoded frames against what the encoder was given, in dB: of "
        "luma, and the mean over all planes; numbered from 0 at the beginning and to -1 at the end.",
    )
    others: list[SegmentResult] = Field([], description="Of a ladder, the renditions after the first.")


class Track(Noun):
    """What happens to one stream beside the video."""

    index: int
    kind: Literal["audio", "subtitle", "attachment", "picture", "data"]
    action: Literal["copy", "encode", "drop"]
    codec: str | None = None
    reason: str | None = None


class AudioResult(Noun):
    """Sound made ready for the merge: tracks to copy from the source, or encoded ones under `key`."""

    tracks: list[Track]
    key: str | None = Field(None, description="Key of the encoded tracks, in the order of `tracks`; None if none.")
    metrics: Metrics = Metrics()
    warnings: list[str] = []


class Picture(Noun):
    """What a file says of its picture, read from its headers and its first frame."""

    width: int
    height: int
    pixel_format: str
    sample_aspect_ratio: str = Field("1", description="Width by height of a sample; 1 where nothing is said of it.")
    time_base: str
    colour: Colour = Colour()
    side_data: dict[str, str] = Field({}, description="Rotation, HDR10 metadata and the like, in words.")


class RateProof(Noun):
    """What was asked of the picture's bit rate, and what it is, in bits a second; the buffer in bits."""

    bitrate: int | None = None
    reached: float = Field(description="Of the whole picture stream.")
    maxrate: int | None = None
    bufsize: int | None = None
    fullness: float | None = Field(None, description="The buffer's least, as a share of it, simulated over the film.")
    encoded_again: list[int] = Field([], description="Segments that did not fit into the buffer at first.")


class QualityProof(Noun):
    """Which measured quality was asked for, and at which constant quality samples of the segments have it."""

    metric: Literal["vmaf", "psnr", "ssim"]
    target: float
    expected: float = Field(description="Mean over the film, from the samples.")
    crfs: list[float] = Field(description="By segment.")
    probes: list[tuple[int, float, float]] = Field(description="First frame of the segment, CRF, what samples had.")


class KeysProof(Noun):
    """Key frames at fixed times, as they were read back from the result, and nowhere else but at joints."""

    seconds: str = Field(description="Their wanted distance, as a fraction.")
    count: int
    digest: str = Field(description="sha256 over their times in seconds as rational text, one a line.")


class JointProof(Noun):
    """What was seen at one joint."""

    rank: int = Field(description="Frame of the result, the first behind the joint.")
    fingerprint: str = Field(description="Digest of the source frame that it was made of.")
    before: str = Field("", description="Digest of the source frame in front of the joint.")
    frames_compared: int
    seam_psnr: list[float] = Field(
        [], description="PSNR of the three frames in front of the joint and the three behind it: luma, in dB."
    )
    drop_db: float | None = Field(
        None,
        description="How far the worst of them, in luma or over all planes, lies under its neighbours: the lower "
        "quartile of the frames 4 to 12 away from the joint; None: not measured.",
    )


class Proof(Noun):
    """Why the result may be called right. It is written only when every check held."""

    schema_version: int = 1
    made_at: str = Field("", description="When it was proved: UTC, ISO 8601.")
    algorithm: str
    algorithm_version: str
    params: dict[str, Any] = Field({}, description="All parameters of the algorithm, defaults filled in.")
    exactness: Literal["exact", "converging", "blended"] = Field(
        "exact",
        description="What cutting does to frames before encoding: nothing, they keep at least 60 dB PSNR, "
        "or cross-fades.",
    )
    files: dict[str, str] = Field({}, description="sha256 of the files that parameters name.")
    slicing: Slicing | None = None
    frames_in: int
    frames_out: int
    pts_mismatches: int
    pts_digest: str = Field(description="sha256 over the presentation times as rational text, one a line.")
    output_pts_digest: str = Field("", description="The same over the result's own times; another if it rounds.")
    pts_resolution: str = Field(description="Time base of the output track; times are exact at this resolution.")
    pts_shift: str = Field(description="What was added to all streams alike, in seconds as a fraction.")
    av_offset_ms: float | None = Field(None, description="Largest change of sound against picture, in milliseconds.")
    tracks: list[Track] = Field([], description="What became of every stream beside the video.")
    verify: Literal["joints", "full"]
    frames_compared: int
    compared: list[tuple[int, int]] = Field([], description="Half-open ranges of the frames that were compared.")
    picture_distance: float | None = Field(
        None, description="Farthest a compared frame is from its source's: 8-bit luma steps, RMS over 16 x 9 cells."
    )
    joints: list[JointProof]
    rate: RateProof | None = Field(None, description="Where a bit rate was asked for.")
    quality: QualityProof | None = Field(None, description="Where a measured quality was asked for.")
    seams: Literal["warn", "fail", "off"] = Field("off", description="What was to be done where a joint shows.")
    seam_limit_db: float | None = Field(None, description="Greatest `drop_db` of a joint that does not show.")
    keys: KeysProof | None = Field(None, description="Where key frames were asked for at fixed times.")
    damaged: list[tuple[int, int]] = Field(
        [], description="Half-open spans of the source's PTS in which pictures are the decoder's guess."
    )
    source_time_base: str = Field(
        "",
        pattern=r"^([1-9]\d{0,18}(/[1-9]\d{0,18})?)?$",
        description="One tick of the source's PTS, in seconds as a fraction.",
    )
    fingerprints: dict[int, str] = Field({}, description="Digest of the source's first and last frame, by rank.")
    colour_source: Colour
    colour_output: Colour
    picture_source: Picture | None = None
    picture_output: Picture | None = None
    lossless_digest: str | None = Field(
        None, description="sha256 over the digests of all decoded frames, the same for source and result."
    )
    source_path: str = Field("", description="Place of the source, seen from the result's folder.")
    source_size: int = 0
    source_sha256: str = ""
    output_name: str = ""
    output_size: int
    output_sha256: str
    versions: Versions
    software: dict[str, str] = Field({}, description="Versions of everything that had a part in it.")
    warnings: list[str] = []
    seal: str = Field("", description="sha256 of this document without its seal: shows changes, prevents none.")


class RunReport(Noun):
    """One job's outcome: the document of `media run --json`."""

    outcome: Literal["succeeded", "failed"]
    algorithm: dict[str, str]
    inputs: list[str]
    outputs: list[str] = []
    manifest: str | None = Field(
        None, description="Of a ladder: the list of its outputs; `proof` is the first one's."
    )
    slicing: Slicing | None = None
    proof: Proof | None = None
    proof_file: str | None = None
    metrics: dict[str, float] = {}
    warnings: list[str] = []
    error: dict[str, str] | None = None
