"""`make setup` on machines that lack something, each played by a folder of stand-in programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.machines import OUTSIDE_MAKE, REPOSITORY, Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_second_call_installs_nothing(machine: Machine) -> None:
    first = machine.setup()
    assert first.returncode == 0, first.stderr
    assert "-m venv --clear" in machine.log
    assert "-m pip install --no-compile" in machine.log
    assert machine.setup().returncode == 0
    assert "venv" not in machine.log
    assert "pip" not in machine.log


def test_changed_requirements_are_installed_into_the_same_venv(machine: Machine) -> None:
    machine.setup()
    (machine.clone / "requirements.txt").write_text("one==2\n")
    assert machine.setup().returncode == 0
    assert "-m venv" not in machine.log
    assert "-m pip install --no-compile" in machine.log


def test_broken_install_is_not_taken_for_done(machine: Machine) -> None:
    machine.flag("pip-breaks")
    assert machine.setup().returncode != 0
    machine.flag("pip-breaks", up=False)
    assert machine.setup().returncode == 0
    assert "-m venv --clear" in machine.log


def test_link_to_the_venv_of_another_clone_is_left_alone(machine: Machine) -> None:
    machine.setup()
    theirs = (machine.clone / ".venv").rename(machine.folder / "theirs")
    (machine.clone / ".venv").symlink_to(theirs)
    (machine.clone / "requirements.txt").write_text("one==2\n")
    before = sorted(theirs.rglob("*"))
    result = machine.setup()
    assert result.returncode != 0
    assert "is a link to" in result.stderr
    assert "-m venv" not in machine.log
    assert sorted(theirs.rglob("*")) == before


def test_moved_clone_gets_a_new_venv(machine: Machine) -> None:
    machine.setup()
    machine.clone = machine.clone.rename(machine.folder / "elsewhere")
    assert machine.setup().returncode == 0
    assert "-m venv --clear" in machine.log


def test_root_installs_what_is_missing(machine: Machine) -> None:
    machine.without("ffmpeg", "ffprobe")
    machine.flag("no-venv")
    result = machine.setup()
    assert result.returncode == 0, result.stderr
    install = next(line for line in machine.log.splitlines() if " install " in line)
    assert "DPkg::Lock::Timeout" in install
    assert " ffmpeg " in install
    assert install.endswith(("python3-venv", "python3.11-venv"))
    assert machine.log.index("update") < machine.log.index(" install ")


def test_busy_package_manager_is_asked_again(machine: Machine) -> None:
    machine.without("ffprobe")
    machine.flag("apt-breaks-once")
    assert machine.setup().returncode == 0
    assert machine.log.count("update") == 2


def test_user_with_sudo_rights(machine: Machine) -> None:
    machine.without("ffmpeg")
    machine.program("id", "echo 1000")
    machine.program("sudo", 'echo "sudo $*" >>"$MACHINE/log"; [ "$1" = -n ] && shift; exec "$@"')
    result = machine.setup()
    assert result.returncode == 0, result.stderr
    assert "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get" in machine.log


def test_user_whose_sudo_wants_a_password_gets_one_command(machine: Machine) -> None:
    machine.without("ffmpeg")
    machine.program("id", "echo 1000")
    machine.program("sudo", "exit 1")
    result = machine.setup()
    assert result.returncode != 0
    assert result.stderr.splitlines()[-1].strip() == "sudo apt-get update && sudo apt-get install -y ffmpeg"
    assert "apt-get" not in machine.log
    assert not (machine.clone / ".venv").exists()


def test_user_without_sudo_gets_one_command(machine: Machine) -> None:
    machine.without("ffmpeg")
    machine.program("id", "echo 1000")
    result = machine.setup()
    assert result.returncode != 0
    assert result.stderr.splitlines()[-1].strip() == "su -c 'apt-get update && apt-get install -y ffmpeg'"


def test_other_systems_are_told_what_is_missing(machine: Machine) -> None:
    machine.without("ffmpeg", "apt-get")
    result = machine.setup()
    assert result.returncode != 0
    assert "missing, as Debian and Ubuntu call them: ffmpeg" in result.stderr


class TestFont:
    PACKAGES = "fonts-wqy-microhei libfribidi0"

    def test_it_is_installed_with_what_else_is_missing(self, machine: Machine) -> None:
        machine.without("ffmpeg")
        machine.flag("font.ttc", up=False)
        assert machine.setup().returncode == 0
        assert [line for line in machine.log.splitlines() if line.endswith(f" ffmpeg {self.PACKAGES}")]
        assert machine.log.count(" install -y") == 1

    def test_it_is_installed_alone_on_a_machine_set_up_before_there_was_one(self, machine: Machine) -> None:
        machine.setup()
        machine.flag("font.ttc", up=False)
        result = machine.setup()
        assert result.returncode == 0
        assert [line for line in machine.log.splitlines() if line.endswith(self.PACKAGES)]
        assert "-m pip install" not in machine.log
        assert "warning" not in result.stderr

    @pytest.mark.parametrize("lack", ["apt-get", "rights", "package"])
    def test_without_it_all_else_is_set_up(self, machine: Machine, lack: str) -> None:
        machine.flag("font.ttc", up=False)
        if lack == "apt-get":
            machine.without("apt-get")
        elif lack == "rights":
            machine.program("id", "echo 1000")
        else:
            machine.flag("no-fonts-there")
        result = machine.setup()
        assert result.returncode == 0
        assert self.PACKAGES in result.stderr
        assert "font.ttc is missing; everything works but text that names no font" in result.stderr
        again = machine.setup()
        assert again.returncode == 0
        assert "warning" in again.stderr
        assert "apt-get" not in machine.log, "it is asked for once"
        assert self.PACKAGES not in again.stderr

    def test_another_may_be_named(self, machine: Machine) -> None:
        machine.flag("font.ttc", up=False)
        machine.flag("my own.otf")
        result = machine.setup(MEDIA_OPS_FONT=str(machine.folder / "my own.otf"))
        assert (result.returncode, result.stderr) == (0, "")
        assert "apt-get" not in machine.log
        result = machine.setup(MEDIA_OPS_FONT="nowhere.otf")
        assert result.returncode == 0
        assert "nowhere.otf is missing" in result.stderr
        assert "apt-get" not in machine.log


def test_old_python_is_refused_in_a_sentence(machine: Machine) -> None:
    machine.without("python3.11")
    machine.python("python3", "3.9.2")
    result = machine.setup()
    assert result.returncode != 0
    assert "Python 3.9.2 (python3) is too old: media-ops needs 3.11 or newer" in result.stderr


def test_newer_python_is_warned_about_and_taken(machine: Machine) -> None:
    machine.without("python3.11")
    machine.python("python3", "3.13.1")
    result = machine.setup()
    assert result.returncode == 0
    assert "tested on 3.11 only" in result.stderr


def test_signpost_that_does_not_run_is_passed_by(machine: Machine) -> None:
    machine.program("python3.11", "echo 'not installed' >&2; exit 127")
    machine.python("python3", "3.11.2")
    assert machine.setup().returncode == 0


def test_named_python_replaces_the_one_before(machine: Machine) -> None:
    machine.setup()
    machine.python("mine", "3.12.4")
    assert machine.setup(PYTHON="mine").returncode == 0
    assert "-m venv --clear" in machine.log
    assert "Python 3.12.4" in machine.setup().stdout  # and stays without being named again


def test_named_python_must_run(machine: Machine) -> None:
    result = machine.setup(PYTHON="nowhere/python")
    assert result.returncode != 0
    assert "PYTHON=nowhere/python cannot be run" in result.stderr


def test_make_hands_the_inputs_name_on_unharmed(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "setup").touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nfor word; do echo "<$word>"; done\n')
    python.chmod(0o755)
    name = """a b/it's "50%" & $HOME;#1.mp4"""
    make = ["make", "-s", "demo"]
    done = subprocess.run(
        [*make, f"INPUT={name}", "KEEP=1"], cwd=tmp_path, env=OUTSIDE_MAKE, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["<-m>", "<media_airflow.demo>", "<--input>", f"<{name}>", "<--keep>"]
    done = subprocess.run([*make, "KEEP=0"], cwd=tmp_path, env=OUTSIDE_MAKE, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["<-m>", "<media_airflow.demo>"]


def test_ci_runs_both_commands_and_fails_if_one_fails(tmp_path: Path) -> None:
    (tmp_path / "clone" / ".ci").mkdir(parents=True)
    shutil.copy(REPOSITORY / ".ci" / "run", tmp_path / "clone" / ".ci")
    makefile = tmp_path / "clone" / "Makefile"
    command = ["bash", "clone/.ci/run"]
    makefile.write_text("check:\n\t@echo checked\ntest:\n\t@echo tested\n")
    good = subprocess.run(
        command, cwd=tmp_path, env=OUTSIDE_MAKE, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert (good.returncode, good.stdout.splitlines()) == (0, ["checked", "tested"])
    makefile.write_text("check:\n\t@exit 1\ntest:\n\t@echo tested\n")
    bad = subprocess.run(
        command, cwd=tmp_path, env=OUTSIDE_MAKE, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert bad.returncode != 0
    assert "tested" in bad.stdout
    assert "failed: make check" in bad.stderr
