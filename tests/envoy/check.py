"""Every export for Envoy: does it fit Envoy's published messages, does Envoy take it, and does a lab
behave there as its checks say?

Usage: check.py DIR. Below DIR each directory with an envoy.yaml is one export; a file `rejected` in
it says that the simulator rejects the configuration when it starts, so Envoy must reject it too. One
with a verify.sh is run with Envoy: each of its checks is a test.

`N passed, M failed` ends the output; the exit code is 1 when one failed, and 2 when there is nothing
to test.
"""
import fcntl
import importlib
import os
import pathlib
import pkgutil
import subprocess
import sys
import tempfile

import yaml
from google.protobuf import descriptor_pool, json_format


def load_messages():
    """Imports every published message, so that each `@type` resolves. Gives how many files there are."""
    count = 0
    for root in ("envoy", "udpa", "xds", "validate", "google.rpc", "opencensus", "opentelemetry"):
        try:
            package = importlib.import_module(root)
        except ModuleNotFoundError:
            continue
        for module in pkgutil.walk_packages(package.__path__, root + "."):
            if module.name.endswith("_pb2"):
                importlib.import_module(module.name)
                count += 1
    return count


class Reader(yaml.SafeLoader):
    """YAML whose durations, dates and the like stay text, as Envoy's reader has them."""


Reader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def fits(bundle):
    """Why the bootstrap does not fit `Bootstrap`; None when it does."""
    from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap

    try:
        tree = yaml.load((bundle / "envoy.yaml").read_text(), Reader)
        json_format.ParseDict(tree, Bootstrap(), descriptor_pool=descriptor_pool.Default())
    except (yaml.YAMLError, json_format.ParseError, TypeError) as problem:
        return str(problem)
    return None


def taken(bundle, envoy):
    """Why Envoy's answer is not the simulator's; None when it is."""
    text = (bundle / "envoy.yaml").read_text()
    # Files lie in the export, and not yet on Envoy's disk.
    for line in (bundle / "README.md").read_text().splitlines():
        if line.startswith("- `") and "` stands in the bootstrap as `" in line:
            name, path = line.removeprefix("- `").removesuffix("`.").split("` stands in the bootstrap as `")
            text = text.replace(f"filename: {path}\n", f"filename: {bundle.resolve() / name}\n")
            text = text.replace(f'filename: "{path}"\n', f'filename: "{bundle.resolve() / name}"\n')
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "envoy.yaml"
        file.write_text(text)
        command = [envoy, "--mode", "validate", "-c", str(file), "--log-level", "error"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    rejected = (bundle / "rejected").is_file()
    if rejected and ran.returncode == 0:
        return "the simulator rejects it, and Envoy takes it"
    if not rejected and ran.returncode != 0:
        return (ran.stdout + ran.stderr).strip()[-2000:]
    return None


# Labs about limits that the simulator has and Envoy has not.
OURS = ("tests-it-labs-spin",)


def verified(bundle, envoy):
    """How many checks of a lab hold with Envoy, how many do not, and what the script says."""
    command = ["bash", str(bundle / "verify.sh"), "--local"]
    environment = {**os.environ, "ENVOY": envoy}
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=600, env=environment, errors="replace"
    )
    words = ran.stdout.strip().rsplit("\n", 1)[-1].replace(",", "").split()
    if len(words) != 4 or words[1] != "passed":
        return 0, 1, ran.stdout + ran.stderr
    return int(words[0]), int(words[2]), ran.stdout + ran.stderr


def main():
    bundles = sorted(path.parent for path in pathlib.Path(sys.argv[1]).rglob("envoy.yaml"))
    if not bundles or load_messages() < 500:
        print("nothing to test, or no messages to test it with", file=sys.stderr)
        return 2
    import envoy

    path = str(pathlib.Path(envoy.__path__[0]) / "_bin" / "envoy")
    # Envoy and the upstreams listen on fixed ports: one such run at a time on a machine.
    lock = open(pathlib.Path(tempfile.gettempdir()) / "tour-envoy.lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    passed, failed, checked = 0, 0, 0
    for bundle in bundles:
        tests = [("fits", fits(bundle))]
        if (bundle / "verify.sh").is_file():
            if not bundle.name.startswith(OURS):
                held, broken, said = verified(bundle, path)
                passed, failed, checked = passed + held, failed + broken, checked + held
                if broken:
                    print(f"FAILED {bundle}/verify.sh:\n{said}")
        else:
            tests.append(("taken by Envoy", taken(bundle, path)))
        for what, problem in tests:
            if problem is None:
                passed += 1
            else:
                failed += 1
                print(f"FAILED {bundle}: {what}: {problem}")
    print(f"{len(bundles)} exported bootstraps, {checked} checks of labs hold with Envoy itself")
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
