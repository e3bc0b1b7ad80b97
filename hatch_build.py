"""Compile the native kernels while the package is built; without a compiler the build goes on.

``python hatch_build.py`` compiles them in place, into ``sklearn_rnn/_modules/kernels``; so does an
editable installation. A wheel that carries the kernels is tagged with the platform, but with no
version of Python: the library is plain C and is called through ctypes. A text file beside it says
how it was built, or why it was not; `sklearn_rnn.show_versions` repeats it.
"""

from __future__ import annotations

import os
import platform
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # compiled in place, without a build
    BuildHookInterface = object

NATIVE = Path(__file__).parent / "sklearn_rnn" / "_modules" / "kernels"
# Two dots, so that nothing that walks over the package takes the library for a module of Python.
LIBRARY, REPORT = "kernels.c.so", "kernels.txt"
FLAGS = ["-O3", "-std=gnu11", "-D_GNU_SOURCE", "-fPIC", "-fvisibility=hidden"]
FLAGS += ["-Wall", "-Wextra", "-Wno-unknown-pragmas"]
# a * b + c may be fused; errno and floating-point traps are not read; NaN and infinity are kept
FLAGS += ["-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"]
# What each instruction set needs: the bytes of a vector, and the compiler's flags.
PLAIN = {"plain": (16, [])}
INTEL = {
    **PLAIN,
    "avx2": (32, ["-mavx2", "-mfma"]),
    "avx512": (64, ["-mavx2", "-mfma", "-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw"]),
}
SETS = INTEL if platform.machine().lower() in ("x86_64", "amd64") else PLAIN


class NotBuilt(Exception):
    """Why there is no library."""


def compiler() -> list[str]:
    """Return the command of the C compiler: $CC if it is set, else the first there is."""
    if os.name != "posix" or sys.maxsize < 2**32:
        raise NotBuilt("the kernels are built on 64-bit Linux and macOS only")
    wanted = os.environ.get("CC")
    for command in [shlex.split(wanted)] if wanted else [["cc"], ["gcc"], ["clang"]]:
        if shutil.which(command[0]):
            return command
    raise NotBuilt(f"no C compiler found: {wanted or 'cc, gcc, clang'}")


def compile_library(target: Path, extra: list[str]) -> str:
    """Compile every source for every number type and instruction set into `target`."""
    cc = compiler()

    def run(args: list[str]) -> str:
        done = subprocess.run([*cc, *args], capture_output=True, text=True, cwd=NATIVE)
        if done.returncode:
            raise NotBuilt(f"{shlex.join([*cc, *args])}: {done.stderr.strip()[-300:]}")
        return done.stdout

    with tempfile.TemporaryDirectory() as folder:
        sources = runpy.run_path(str(NATIVE / "loader.py"))["sources"]()
        jobs, objects = [[f'-DSOURCES="{sources}"', "-c", "cpu_dispatch.c"]], []
        for name, (vector, flags) in SETS.items():
            for kind in (32, 64):
                defined = [f"-DREAL_BITS={kind}", f"-DVECTOR_BYTES={vector}"]
                defined.append(f"-DVARIANT=f{kind}_{name}")
                for source in ("rnn", "lstm", "gru", "dense", "conv", "activations", "optimizer"):
                    jobs.append([*flags, *defined, "-c", f"{source}.c"])
        for i, job in enumerate(jobs):
            objects.append(f"{folder}/{i}.o")
            job[:0] = [*FLAGS, *extra, "-o", objects[-1]]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(run, jobs))
        run(["-shared", *extra, "-o", str(target), *objects, "-lm"])
    return f"compiled by {run(['--version']).splitlines()[0]} for {', '.join(SETS)}"


def build(folder: Path, extra: list[str] | None = None) -> bool:
    """Put the library and its report into `folder`; without a library only the report."""
    folder.joinpath(LIBRARY).unlink(missing_ok=True)
    try:
        report = compile_library(folder / LIBRARY, extra or [])
    except (NotBuilt, OSError) as error:
        report = f"not compiled: {error}"
    folder.joinpath(REPORT).write_text(report + "\n")
    print(f"native kernels: {report}", file=sys.stderr)
    return folder.joinpath(LIBRARY).exists()


class NativeBuildHook(BuildHookInterface):  # type: ignore[misc]  # `object` without hatchling
    """Called by hatchling before it collects the files of a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and add what came of it to the wheel."""
        if self.target_name != "wheel":
            return
        if version == "editable":
            build(NATIVE)
            return
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        names = [REPORT]
        if build(folder):
            names.append(LIBRARY)
            where = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data.update(pure_python=False, tag=f"py3-none-{where}")
        for name in names:
            path = (NATIVE / name).relative_to(Path(__file__).parent)
            build_data["force_include"][str(folder / name)] = path.as_posix()


if __name__ == "__main__":
    sys.exit(not build(NATIVE, sys.argv[1:]))
