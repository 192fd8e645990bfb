"""The main job on the bundled example: start the replica, crawl its neighbours, say where the corpus is.

``make crawl`` runs this. It is also how to run a crawl from a script: two commands in two processes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SEED = Path("examples/seeds/harbour.txt")


def main() -> int:
    """Run the example; return the exit code of the crawl."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", default="corpus", help="where the corpus is made (default: corpus)")
    corpus = parser.parse_args().corpus
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "replica.toml"
        command = [sys.executable, "-m", "crawler.replica", "--port", "0", "--profile", str(profile)]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as replica:
            try:
                assert replica.stdout is not None
                print(replica.stdout.readline(), end="", flush=True)  # comes when it listens
                return crawl(profile, corpus)
            finally:
                replica.terminate()


def crawl(profile: Path, corpus: str) -> int:
    """Crawl the neighbours of the example at depth 1."""
    arguments = ["-a", f"seeds={SEED}", "-a", f"site={profile}", "-s", f"CORPUS_DIR={corpus}"]
    print("scrapy crawl neighbours", *arguments, flush=True)
    command = [sys.executable, "-m", "scrapy", "crawl", "neighbours", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
