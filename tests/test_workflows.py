"""The workflows: each step is one that runs here too, and nothing is taken from a third party."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from flashviz.cli import main
from tests.conftest import ROOT
from tests.test_docs import RUN
from tests.test_site import builder

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.yaml.decode(path.read_bytes())["jobs"]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_step_calls_run_sh_or_a_first_party_action(path: Path) -> None:
    for job in jobs(path).values():
        assert job["timeout-minutes"]
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]), step["uses"]
            else:
                program, verb, *arguments = shlex.split(re.split(r" && | > ", step["run"])[0])
                assert program == "./run.sh"
                assert f"\n  {verb})" in RUN
                if verb == "docs":
                    builder().build.make_context("docs", arguments)


def test_the_films_of_the_matrix_are_those_that_flashviz_lists() -> None:
    job = jobs(ROOT / ".github" / "workflows" / "site.yml")
    assert job["film"]["strategy"]["matrix"]["scene"] == "${{ fromJSON(needs.scenes.outputs.found).scenes.*.name }}"
    printed = CliRunner().invoke(main, ["scenes", "--json"]).stdout
    assert len(printed.splitlines()) == 1, "an output of a step is one line"
    names = [scene["name"] for scene in json.loads(printed)["scenes"]]
    assert len(names) == len(set(names)) > 1


def test_what_a_job_needs_is_there_and_only_the_deployment_may_write() -> None:
    found = jobs(ROOT / ".github" / "workflows" / "site.yml")
    for name, job in found.items():
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= set(found)
        assert ("permissions" in job) == (name == "deploy")
