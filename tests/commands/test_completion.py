"""``scrapy completion``, asked as a shell asks it."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from crawler.commands.completion import Command
from tests.crawling import REPOSITORY

pytest.importorskip("shtab", reason="the extra 'completion' is not installed")


def script(shell, capsys):
    command = Command()
    command.settings = Settings()
    command.settings.setmodule("crawler.settings")
    command.run([shell], argparse.Namespace())
    return capsys.readouterr().out


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["cor"], {"corpus"}),
        (["corpus", "se"], {"seal", "search"}),
        (["seeds", ""], {"inspect", "harvest", "rescue"}),
        (["captures", ""], {"list", "count"}),
        (["captures", "list", "--match", "do"], {"domain"}),
        (["captures", "list", "--urls", "READ"], {"README.md"}),
        (["sites", ""], {"draft", "check", "show"}),
        (["corpus", "export", "--format", ""], {"parquet", "csv", "jsonl", "txt", "hf", "wacz"}),
        (["corpus", "search", "--sin"], {"--since"}),
        (["crawl", ""], {"captures", "neighbours", "revisit"}),
        (["seeds", "inspect", "READ"], {"README.md"}),
        (["corpus", "export", "-o", "examp"], {"examples"}),
    ],
)
def test_bash_offers_what_may_follow(capsys, typed, offered):
    words = " ".join(f"'{word}'" for word in typed)
    ask = f"COMP_WORDS=(scrapy {words}); COMP_CWORD={len(typed)}; _shtab_scrapy; printf '%s\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(
        ["bash", "-c", f"{script('bash', capsys)}\n{ask}"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert set(done.stdout.split()) == offered, done.stderr


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_have_one_too(capsys, shell):
    assert "duplicates" in script(shell, capsys)


@pytest.mark.parametrize("arguments", [[], ["cmd.exe"], ["bash", "zsh"]])
def test_another_shell_is_a_usage_error(arguments):
    with pytest.raises(UsageError, match="bash, zsh, tcsh"):
        Command().run(arguments, argparse.Namespace())


def test_without_shtab_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(UsageError, match=r"pip install 'scrapy-gleaner\[completion\]'"):
        Command().run(["bash"], argparse.Namespace())
