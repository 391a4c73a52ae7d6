"""A Terraform state of 20,000 resources and 100 MB, read by kpl as it is released."""

import os
import subprocess

MOST_SECONDS, MOST_BYTES = 2, 1 << 30


def case_a_large_state_takes_little(environment):
    """a state of 100 MB takes less than two seconds of processor time and 1 GiB"""
    build = subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=environment.root)
    assert build.returncode == 0, "kpl does not build"
    state = environment.target / "large.tfstate.json"
    with state.open("wb") as written:
        subprocess.run([environment.root / "scripts" / "large-state"], stdout=written, check=True)
    assert state.stat().st_size > 95_000_000, state.stat().st_size
    try:
        binary = environment.root / "target" / "release" / "kpl"
        checking = subprocess.Popen([binary, "check", "--isolated", state], stdout=subprocess.PIPE, text=True)
        told = checking.stdout.read()
        _, status, used = os.wait4(checking.pid, 0)
    finally:
        state.unlink()
    assert os.waitstatus_to_exitcode(status) == 0, told
    assert "6000 policies" in told, told[-200:]
    seconds, size = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
    assert seconds < MOST_SECONDS, f"{seconds:.2f} s of processor time"
    assert size < MOST_BYTES, f"{size >> 20} MiB"
