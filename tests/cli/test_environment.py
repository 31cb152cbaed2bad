"""./run and ./test on machines that lack something: each failure says what happened and what repairs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "environment.sh"
OLD = "#!/bin/sh\nexit 1\n"
# A Python that is new enough, makes an environment with a pip that succeeds or fails, and knows no venv when told so.
NEW = """#!/bin/sh
case "$*" in
  *version_info*) exit 0 ;;
  *"-m venv"*) {venv} ;;
esac
exit 0
"""
MAKE_PYTHON = "printf '#!/bin/sh\\n{pip}\\n' > .venv/bin/python; chmod +x .venv/bin/python"
MAKE_VENV = f"mkdir -p .venv/bin; {MAKE_PYTHON}; echo made >> made.log"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "requirements.lock").write_text("nothing==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


def make(checkout: Path, python: str, *, df: str = "") -> subprocess.CompletedProcess[str]:
    """Source the script in a folder with a Python of ours first on the path."""
    programs = checkout / "programs"
    programs.mkdir(exist_ok=True)
    for name, text in {"python3": python, **({"df": df} if df else {})}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    command = f'. "{SCRIPT}"; make_environment requirements.lock'
    return subprocess.run(
        ["bash", "-uc", command],
        cwd=checkout,
        env={"PATH": f"{programs}:/usr/bin:/bin", "BUDAYANG_PYTHON": "python3"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_named_with_the_repair(checkout: Path) -> None:
    done = make(checkout, OLD)
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr


def test_a_missing_venv_module_is_named_and_leaves_nothing_half_made(checkout: Path) -> None:
    done = make(checkout, NEW.format(venv="mkdir -p .venv; exit 1"))
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_full_disk_is_named_before_anything_is_made(checkout: Path) -> None:
    df = "#!/bin/sh\necho head; echo x 1 1 1000 1% /\n"
    done = make(checkout, NEW.format(venv=MAKE_VENV.format(pip="exit 0")), df=df)
    assert done.returncode == 1
    assert "磁盘空间不足" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_failed_install_says_so_and_the_next_run_goes_on(checkout: Path) -> None:
    done = make(checkout, NEW.format(venv=MAKE_VENV.format(pip="exit 1")))
    assert done.returncode == 1
    assert "依赖没有装好" in done.stderr
    assert not (checkout / ".venv" / "ready").exists()
    done = make(checkout, NEW.format(venv=MAKE_VENV.format(pip="exit 0")))
    assert done.returncode == 0, done.stderr
    assert (checkout / ".venv" / "ready").exists()


def test_a_half_made_environment_is_made_anew(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    done = make(checkout, NEW.format(venv=MAKE_VENV.format(pip="exit 0")))
    assert done.returncode == 0, done.stderr
    assert "half-made" in done.stdout
    assert (checkout / "made.log").read_text() == "made\n"


def test_a_ready_environment_is_used_as_it_is_until_the_lock_changes(checkout: Path) -> None:
    python = NEW.format(venv=MAKE_VENV.format(pip="exit 0"))
    assert make(checkout, python).returncode == 0
    assert make(checkout, python).stdout == ""
    (checkout / "requirements.lock").write_text("nothing==2\n")
    assert "installing" in make(checkout, python).stdout


def test_the_command_line_helps_in_both_languages() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "budayang.cli.main", "--help"], capture_output=True, text=True, check=True
    )
    for name in ("demo", "web", "ingest", "worker", "terminal", "sandbox", "seed", "audit", "doctor"):
        assert f"\n  {name} " in done.stdout
    assert "核验审计链" in done.stdout
    assert "check the audit chain" in done.stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "budayang.cli.main", "fly"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "unknown command: fly" in wrong.stderr
