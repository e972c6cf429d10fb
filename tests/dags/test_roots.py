from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_ops.errors import (
    InputError,
    NotMedia,
    OutputExists,
    ParamsInvalid,
    SourceNotAllowed,
    SourceNotFound,
    Unsupported,
)

if TYPE_CHECKING:
    from media_airflow.settings import Settings

PARTS = [
    "..",
    ".",
    "",
    "in.mp4",
    "sub",
    "out",
    "loop",
    "secret.mp4",
    "root",
    "outside",
    "nothing",
    "a b",
    "ä",
    "%2e%2e",
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    root, outside = tree / "root", tree / "outside"
    (root / "sub").mkdir(parents=True)
    outside.mkdir()
    for file in (root / "in.mp4", root / "sub" / "in.mp4", outside / "secret.mp4", tree / "secret.mp4"):
        file.write_bytes(b"media")
    (root / "out").symlink_to(outside)
    (root / "secret.mp4").symlink_to(outside / "secret.mp4")
    (root / "dangling.mp4").symlink_to(outside / "nothing.mp4")
    (root / "loop").symlink_to(root / "loop")
    (root / "inner.mp4").symlink_to(root / "in.mp4")
    (tree / "root-not").mkdir()
    (tree / "root-not" / "in.mp4").write_bytes(b"media")
    return tree


def allowing(*roots: Path) -> Settings:
    from media_airflow.settings import Settings

    return Settings("/store", results="s3://results", sources="s3://own-sources", allowed_roots=roots, workers=1)


def source(tree: Path, text: str) -> str:
    from media_airflow.roots import source_file

    return source_file(text, allowing(tree / "root"))


def output(tree: Path, text: str, *, replace: bool = True) -> Path:
    from media_airflow.roots import output_place

    wanted = output_place(text, allowing(tree / "root"), source=str(tree / "root" / "in.mp4"), replace=replace)
    assert wanted.path
    assert wanted.container == wanted.path.suffix.lower()
    return wanted.path


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    parts=st.lists(st.sampled_from(PARTS), max_size=6),
    lead=st.sampled_from(["", "file://", "file:", "FILE://localhost"]),
)
def test_nothing_outside_is_ever_read_or_told(tree: Path, parts: list[str], lead: str) -> None:
    text = lead + os.path.join(tree / "root", "/".join(parts).lstrip("/"))
    named = text.removeprefix(lead).replace("%2e", ".") if lead else text
    real = Path(os.path.realpath(Path(named)))  # which takes "loop//.." for "/", where the kernel gives up
    inside = real.is_relative_to(tree / "root")
    try:
        outcome = source(tree, text)
    except InputError as error:
        outcome = str(error)
    # The sentence of a refusal depends on what was asked only, not on what is there.
    refusal = f"source {text!r}: it is not below a folder that jobs may use"
    if inside and real.is_file():
        assert outcome == str(real)
    elif not inside:
        assert outcome == refusal
    else:
        assert "loop" in parts or outcome != refusal


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(max_size=40) | st.text(alphabet="/.\0ab~%", max_size=20))
def test_any_text_is_refused_in_one_sentence(tree: Path, text: str) -> None:
    for ask in (source, output):
        with pytest.raises(InputError) as caught:
            ask(tree, text)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["out/secret.mp4", "secret.mp4", "dangling.mp4", "../outside/secret.mp4", "../root-not/in.mp4"]
)
def test_places_outside_are_refused(tree: Path, name: str) -> None:
    for ask in (source, output):
        with pytest.raises(SourceNotAllowed, match="not below a folder that jobs may use"):
            ask(tree, f"{tree}/root/{name}")


@pytest.mark.parametrize("text", ["ftp://host/a.mp4", "concat:/a|/b", "data:,x", "in.mp4", "~/in.mp4", ""])
def test_other_schemes_and_relative_paths_are_refused(tree: Path, text: str) -> None:
    for ask in (source, output):
        with pytest.raises(SourceNotAllowed, match=r"not served|absolute path"):
            ask(tree, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("http://host/a.mp4", "host:80 is not among the hosts"), ("s3://b/a.mp4", "not in a bucket that jobs may use")]
    + [("s3:///a.mp4", "not in a bucket that jobs may use")],
)
def test_far_sources_that_nobody_listed_are_refused_and_outputs_are_near(tree: Path, text: str, reason: str) -> None:
    with pytest.raises(SourceNotAllowed, match=reason):
        source(tree, text)
    with pytest.raises(SourceNotAllowed, match="not served"):
        output(tree, text)


def test_a_root_may_be_one_file_to_read(tree: Path) -> None:
    from media_airflow.roots import output_place, source_file

    one = tree / "outside" / "secret.mp4"
    assert source_file(str(one), allowing(one)) == str(one)
    with pytest.raises(SourceNotAllowed):
        source_file(str(tree / "root" / "in.mp4"), allowing(one))
    with pytest.raises(SourceNotAllowed):
        output_place(str(one), allowing(one), source=str(tree / "root" / "in.mp4"), replace=True)


def test_without_roots_nothing_is_allowed(tree: Path) -> None:
    from media_airflow.roots import source_file

    with pytest.raises(SourceNotAllowed):
        source_file(f"{tree}/root/in.mp4", allowing())


def test_a_source_must_be_a_filled_regular_file(tree: Path) -> None:
    root = tree / "root"
    (root / "empty.mp4").touch()
    if not (root / "pipe.mp4").exists():
        os.mkfifo(root / "pipe.mp4")
    for name, kind in {
        "sub": SourceNotFound,
        "gone": SourceNotFound,
        "pipe.mp4": SourceNotFound,
        "empty.mp4": NotMedia,
    }.items():
        with pytest.raises(kind):
            source(tree, f"{root}/{name}")
    assert source(tree, f"file://{root}/inner.mp4") == str(root / "in.mp4")


def test_what_an_output_may_be(tree: Path) -> None:
    root = tree / "root"
    assert output(tree, f"{root}/new/deep/o.MKV") == root / "new/deep/o.MKV"
    assert not (root / "new").exists()
    for name, kind in {
        "in.mp4": ParamsInvalid,
        "inner.mp4": ParamsInvalid,
        "sub/../in.mp4": ParamsInvalid,
        "in.mp4/o.mp4": ParamsInvalid,
        "o.avi": Unsupported,
        "sub": Unsupported,
        "o" * 300 + ".mp4": ParamsInvalid,
    }.items():
        with pytest.raises(kind, match="output"):
            output(tree, f"{root}/{name}")
    with pytest.raises(OutputExists):
        output(tree, f"{root}/sub/in.mp4", replace=False)
    assert output(tree, f"{root}/sub/in.mp4") == root / "sub/in.mp4"


def test_an_output_is_never_the_source_by_another_name_nor_a_folder(tree: Path) -> None:
    root = tree / "root"
    (root / "second name.mp4").hardlink_to(root / "in.mp4")
    (root / "folder.mp4").mkdir()
    (root / "proved.mp4.proof.json").mkdir()
    for name, reason in {
        "second name.mp4": "it is the source itself",
        "folder.mp4": "it is a folder",
        "in.mp4/below/o.mp4": "is not a folder",
        "proved.mp4": "its proof cannot be written",
    }.items():
        with pytest.raises(ParamsInvalid, match=reason):
            output(tree, f"{root}/{name}")


def test_only_the_source_may_be_far(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from media_airflow.roots import source_file

    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", "films.example")
    far = "https://films.example/logo.png"
    assert source_file(far, allowing()) == far
    with pytest.raises(SourceNotAllowed, match="not served"):
        source_file(far, allowing(tree / "root"), "logo")


def test_far_sources_are_those_that_are_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", "films.example")
    monkeypatch.setenv("MEDIA_OPS_S3_BUCKETS", "media-source, other")
    for far in (
        "https://films.example/a.mp4?sig=x",
        "s3://own-sources/a.mp4",
        "s3://media-source/a.mp4",
        "s3://other/b/c.mp4",
    ):
        assert source(tree, far) == far
    refused = [
        "https://elsewhere.example/a.mp4",
        "https://films.example:444/a.mp4",
        "https://me:word@films.example/a",
    ]
    for far in (*refused, "s3://secret/a.mp4", "s3:///a.mp4", "s3://"):
        with pytest.raises(SourceNotAllowed) as caught:
            source(tree, far)
        assert "word" not in str(caught.value).replace("password", "")


def test_an_existing_output_of_a_far_source(tree: Path) -> None:
    from media_airflow.roots import output_place

    given = str(tree / "root" / "inner.mp4")
    far = "https://films.example/inner.mp4"
    assert output_place(given, allowing(tree / "root"), source=far, replace=True).path == tree / "root" / "in.mp4"


def test_outputs_of_a_bucket_are_those_of_the_results(tree: Path) -> None:
    for far, reason in {
        "s3://elsewhere/a.mp4": "not served",
        "s3://results-too/a.mp4": "not served",
        "s3://results/results/a.mp4": "kept by content",
        "s3://results/memo/a.mp4": "kept by content",
    }.items():
        with pytest.raises(SourceNotAllowed, match=reason):
            output(tree, far)
    for far, reason in {"s3://results/../a.mp4": "segment", "s3://results/a//b.mp4": "segment"}.items():
        with pytest.raises(ParamsInvalid, match=reason):
            output(tree, far)
    with pytest.raises(Unsupported, match="must end in"):
        output(tree, "s3://results/a.avi")
