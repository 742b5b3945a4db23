"""Runs benches by name and prints their tables; `contrib/run-bench` builds first and calls this."""
import argparse
import datetime
import sys

import benchlib
from benches import BENCHES


def options(arguments):
    about = "\n".join(f"  {name:<12} {function.__doc__.splitlines()[0]}" for name, function in BENCHES.items())
    parser = argparse.ArgumentParser(prog="run-bench", epilog="benches:\n" + about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which benches (default: all)")
    parser.add_argument("--numbers", type=int, default=0, help="size of the fleet in every bench (default: each bench's own sizes)")
    parser.add_argument("--runs", type=int, default=3, help="how often each bench is run (default: 3)")
    parser.add_argument("--no-sdk", dest="sdk", action="store_false", help="without the same work by the official Node SDKs")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench {', '.join(unknown)}")
    return chosen


def measure(cluster, name, chosen):
    runs = []
    for _ in range(chosen.runs):
        run = benchlib.Run(cluster, chosen)
        BENCHES[name](run)
        runs.append(run.figures)
    return runs


def main():
    chosen = options(sys.argv[1:])
    cluster = benchlib.pglib.Cluster()
    missed = 0
    print(f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, {benchlib.machine()}; min, median and max of the runs\n", flush=True)
    try:
        for name in chosen.names or BENCHES:
            try:
                runs = measure(cluster, name, chosen)
            except (AssertionError, benchlib.Missed) as why:
                print(f"{name}: did not come to its end: {why}\n", flush=True)
                missed += 1
                continue
            print(benchlib.table(name, runs), f"    ({benchlib.machine()})\n", sep="\n", flush=True)
    finally:
        cluster.remove()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
