"""How fast captures are written: the corpus's writer beside warcio and FastWARC alone, and a crawl with and without.

    python benchmarks/warc.py DIR [--records 2000] [--articles 150]

The same exchanges go through three writers in turn, five times: warcio's own, one file and no index; FastWARC's own,
the same; and the corpus's, which also looks for equal payloads, keeps an index, and syncs every 16 exchanges. Rates are
of CPU time (the median), as other programs share the machine. The crawls are of the bundled replica, on loopback.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from fastwarc.stream_io import GzipWriter
from fastwarc.warc import WarcRecord, WarcRecordType
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.archive.warcs import CaptureWriter
from crawler.replica import Site
from crawler.replica.routes import Routes
from crawler.warc import Exchange

REPOSITORY = Path(__file__).resolve().parents[1]
ROUNDS = 5
GROUP = 16
AGAIN, PICTURES = 10, 5
"""One exchange in so many has the payload of an earlier one; one in so many is a picture."""
REQUEST = (("User-Agent", "gleaner"), ("Accept-Encoding", "gzip, br"))


def exchanges(count: int) -> list[Exchange]:
    """Return *count* pages of the replica, one in ten of them again, and a picture-like body with one in five."""
    routes, site, noise = Routes(Site(), "http://127.0.0.1"), Site(), random.Random(1)
    made: list[Exchange] = []
    for number in range(count):
        if not number % AGAIN and number:
            made.append(made[number - 3])
            continue
        url = f"http://127.0.0.1/news/{site.id_at(number % 5000)}"
        _, reply = routes.reply(url.removeprefix("http://127.0.0.1"), {})
        body = noise.randbytes(60_000) if number % PICTURES == 0 else reply.body + str(number).encode()
        kind = "image/jpeg" if number % PICTURES == 0 else "text/html; charset=utf-8"
        headers = (("Content-Type", kind), ("Content-Length", str(len(body))))
        now = datetime.now(UTC)
        made.append(
            Exchange(url=url, date=now, request_headers=REQUEST, status=200, headers=headers, body=body, ip="127.0.0.1")
        )
    return made


def warcio_alone(path: Path, made: list[Exchange]) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        for one in made:
            head = StatusAndHeaders("200 OK", list(one.headers), protocol="HTTP/1.1")
            asked = StatusAndHeaders("GET / HTTP/1.1", list(one.request_headers), is_http_request=True)
            body = io.BytesIO(one.body)
            response = writer.create_warc_record(
                one.url, "response", payload=body, length=len(one.body), http_headers=head
            )
            request = writer.create_warc_record(one.url, "request", http_headers=asked)
            writer.write_request_response_pair(request, response)


def fastwarc_alone(path: Path, made: list[Exchange]) -> None:
    with path.open("wb") as file:
        for one in made:
            head = "".join(f"{name}: {value}\r\n" for name, value in one.headers)
            asked = "".join(f"{name}: {value}\r\n" for name, value in one.request_headers)
            for kind, block in (
                (WarcRecordType.response, f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + one.body),
                (WarcRecordType.request, f"GET / HTTP/1.1\r\n{asked}\r\n".encode()),
            ):
                record = WarcRecord()
                record.init_headers(kind)
                record.headers["WARC-Target-URI"] = one.url
                record.headers["Content-Type"] = "application/http"
                record.set_bytes_content(block)
                record.is_http = True
                stream = GzipWriter(file)
                record.write(stream, checksum_data=True)
                stream.finish()


def corpus(folder: Path, made: list[Exchange]) -> None:
    folder.mkdir()
    captures = CaptureWriter(folder, "bench", "run", max_bytes=1 << 30, facts={})
    for number, one in enumerate(made):
        captures.write(one)
        if number % GROUP == GROUP - 1:
            captures.sync()
    captures.close()


def rate(write: Callable[[Path, list[Exchange]], None], path: Path, made: list[Exchange]) -> tuple[float, int]:
    """Return the exchanges that *write* takes in a second of CPU time, and the bytes that it leaves in WARC files."""
    began = time.process_time()
    write(path, made)
    spent = time.process_time() - began
    size = sum(file.stat().st_size for file in (path.rglob("*.warc.gz") if path.is_dir() else [path]))
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    return len(made) / spent, size


def crawls(folder: Path, articles: int) -> None:
    """Crawl the replica with ARCHIVE_WARC off and on, in turn, twice; print the CPU time of an article."""
    site = Site()
    ids = [site.id_at(100 + number) for number in range(articles)]
    fields = [{"id": str(i), "sort": "1", "contenttypeid": "21", "pic": None, "title": f"Story {i}"} for i in ids]
    dump = json.dumps(fields).replace("null", '""')
    (folder / "seed.txt").write_text(f'A paragraph.\n212-11\nstring({len(dump)}) "{dump}"')
    profile = folder / "replica.toml"
    command = [sys.executable, "-m", "crawler.replica", "--port", "0", "--profile", str(profile)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        server.stdout.readline()
        spent: dict[str, list[float]] = {"off": [], "on": []}
        for _ in range(2):
            for name, times in spent.items():
                times.append(crawl(folder, profile, "True" if name == "on" else "False") / articles * 1000)
        server.terminate()
    off, on = (min(times) for times in spent.values())
    print(f"crawl of {articles} articles with pictures, CPU an article: {off:.1f} ms without, {on:.1f} ms with")


def crawl(folder: Path, profile: Path, warc: str) -> float:
    """Return the seconds of CPU that a crawl takes, its reader included."""
    script = (
        "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]);"
        "spent = resource.getrusage(resource.RUSAGE_CHILDREN); print(code, spent.ru_utime + spent.ru_stime)"
    )
    options = [f"CORPUS_DIR={folder / 'corpus'}", f"ARCHIVE_WARC={warc}", "REPORT_SECONDS=0", "LOG_LEVEL=ERROR"]
    settings = [part for option in options for part in ("-s", option)]
    asked = ["-a", f"seeds={folder / 'seed.txt'}", "-a", f"site={profile}", *settings]
    command = [sys.executable, "-c", script, sys.executable, "-m", "scrapy", "crawl", "neighbours", *asked]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    shutil.rmtree(folder / "corpus")
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="an empty folder for what is written")
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--articles", type=int, default=150)
    opts = parser.parse_args()
    opts.folder.mkdir(exist_ok=True)
    made = exchanges(opts.records)
    writers = {"warcio alone": warcio_alone, "FastWARC alone": fastwarc_alone, "corpus": corpus}
    rates: dict[str, list[float]] = {name: [] for name in writers}
    sizes: dict[str, int] = {}
    for _ in range(ROUNDS):
        for name, write in writers.items():
            found, sizes[name] = rate(write, opts.folder / "bench.warc.gz", made)
            rates[name].append(found)
    reference = statistics.median(rates["warcio alone"])
    print(f"{len(made)} exchanges of {sum(len(one.body) for one in made) / len(made):,.0f} bytes")
    for name, found in rates.items():
        median = statistics.median(found)
        print(f"{name:<15} {median:8,.0f} exchanges/s  {median / reference:5.2f} of warcio  {sizes[name]:12,} bytes")
    if opts.articles:
        crawls(opts.folder, opts.articles)


if __name__ == "__main__":
    main()
