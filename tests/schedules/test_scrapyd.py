"""A real scrapyd on loopback: deployed to by scrapyd-client, and given jobs as a scheduler gives them."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from crawler.archive.files import CorpusLock
from tests.crawling import REPOSITORY, records, write_seed
from tests.waiting import HANG_SECONDS, wait_for

pytest.importorskip("scrapyd")
pytest.importorskip("scrapyd_client")

CONFIGURATION = REPOSITORY / "examples/schedules/scrapyd.conf"


class Scrapyd:
    """A scrapyd in *folder*, configured by the example, but on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(CONFIGURATION, folder / "scrapyd.conf")
        port = free_port()  # scrapyd cannot choose a free one
        (folder / ".scrapyd.conf").write_text(f"[scrapyd]\nhttp_port = {port}\npoll_interval = 0.2\n")
        # Nothing of this checkout is on its path: what it runs is what was deployed.
        self.environment = {**os.environ, "HOME": str(folder), "PYTHONPATH": "", "PYTHONWARNINGS": "ignore"}
        self.log = folder / "scrapyd.log"
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "scrapyd"]
            self.process = subprocess.Popen(command, cwd=folder, env=self.environment, stdout=log, stderr=log)
        self.url = f"http://127.0.0.1:{port}/"
        try:
            wait_for(lambda: "Site starting on" in self.log.read_text() or self.process.poll() is not None)
            assert self.process.poll() is None, self.log.read_text()
        except BaseException:
            self.stop()
            raise

    def ask(self, service, **parameters):
        pairs = [
            (name, one) for name, value in parameters.items() for one in ([value] if isinstance(value, str) else value)
        ]
        token = base64.b64encode(b"gleaner:change-me").decode()
        url, body = f"{self.url}{service}", None
        if service == "schedule.json":
            body = urlencode(pairs).encode()
        else:
            url += f"?{urlencode(pairs)}"
        with urlopen(Request(url, body, {"Authorization": f"Basic {token}"}), timeout=HANG_SECONDS) as answer:
            return json.load(answer)

    def deploy(self):
        """Deploy a copy of the project, as scrapyd-deploy leaves files where it is run."""
        project = self.folder / "project"
        shutil.copytree(REPOSITORY / "crawler", project / "crawler", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE", "scrapy.cfg"):
            shutil.copy(REPOSITORY / name, project)
        with (project / "scrapy.cfg").open("a") as file:
            file.write(f"\n[deploy]\nurl = {self.url}\nproject = gleaner\nusername = gleaner\npassword = change-me\n")
        command = [sys.executable, "-c", "from scrapyd_client.deploy import main; main()", "--version", "1"]
        return subprocess.run(command, cwd=project, env=self.environment, capture_output=True, text=True, check=False)

    def run(self, spider, corpus, **arguments):
        """Schedule a job and wait for its end; return its exit code and its log."""
        settings = [f"CORPUS_DIR={corpus}", "EXTRACT_PROCESSES=0", "IMAGES_FETCH=none", "REPORT_SECONDS=60"]
        job = self.ask("schedule.json", project="gleaner", spider=spider, setting=settings, **arguments)["jobid"]
        wait_for(lambda: any(one["id"] == job for one in self.ask("listjobs.json", project="gleaner")["finished"]))
        ended = next(
            line
            for line in self.log.read_text().splitlines()
            if "Process" in line and "started" not in line and job in line
        )
        code = re.search(r"exitstatus=(\d+)", ended)
        return int(code[1]) if code else 0, (self.folder / f"logs/gleaner/{spider}/{job}.log").read_text()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=HANG_SECONDS)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def held(corpus):
    """Hold *corpus* as another crawl would."""
    lock = CorpusLock(corpus)
    try:
        yield
    finally:
        lock.release()


@pytest.fixture(scope="module")
def scrapyd(tmp_path_factory):
    running = Scrapyd(tmp_path_factory.mktemp("scrapyd"))
    yield running
    running.stop()


def test_deployed_scheduled_and_ended_at_once_where_another_crawls(scrapyd, replica, tmp_path):
    done = scrapyd.deploy()
    assert done.returncode == 0, done.stderr
    assert scrapyd.ask("listspiders.json", project="gleaner")["spiders"] == ["captures", "neighbours", "revisit"]

    corpus, site = tmp_path / "corpus", str(replica.profile)
    seed = write_seed(tmp_path / "seed.txt", 1797789)
    code, log = scrapyd.run("neighbours", corpus, seeds=str(seed), site=site)
    assert code == 0, log
    assert "replica/1797789" in {record["key"] for record in records(corpus)}
    (run,) = (corpus / "runs").iterdir()
    assert json.loads((run / "stats.json").read_bytes())["exit_code"] == 0
    assert (run / "report.html").exists()

    with held(corpus):
        assert scrapyd.run("revisit", corpus, site=site)[0] == 6


def test_example_of_scrapyd_serves_this_machine_only_and_needs_a_password(scrapyd):
    configuration = CONFIGURATION.read_text()
    assert "bind_address = 127.0.0.1" in configuration
    with pytest.raises(OSError, match="401"):
        urlopen(f"{scrapyd.url}daemonstatus.json", timeout=HANG_SECONDS)
