"""What a built module offers, as the compiler tells it: symbol graphs."""
import json, subprocess, sys

GIVEN_ON = ["RecurrentCore", "RecurrentData", "RecurrentCharts", "RecurrentFiles"]


def checked(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stdout}")
    return result.stdout


def extract(module, binaries, folder, *options):
    """Writes the graphs of a module that was built into `binaries` to a folder."""
    target = json.loads(checked("swift", "-print-target-info"))["target"]["triple"]
    checked(
        "swift-symbolgraph-extract", "-module-name", module, "-target", target,
        "-I", str(binaries / "Modules"),
        "-Xcc", f"-fmodule-map-file={binaries}/RecurrentKernels.build/module.modulemap",
        "-Xcc", "-fmodule-map-file=Sources/SystemZlib/module.modulemap",
        *options, "-minimum-access-level", "public", "-skip-synthesized-members", "-output-dir", str(folder))
