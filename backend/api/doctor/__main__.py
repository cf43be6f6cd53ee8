"""Tells what was found, a line each; ends with 1 where something fails."""

import argparse
import json
import sys
from dataclasses import asdict

from backend.api.doctor import __doc__ as description
from backend.api.doctor.examination import examine
from backend.api.doctor.findings import Finding
from backend.api.settings import Settings
from databases.errors import DatabaseError
from databases.settings import SettingsError, load_settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m backend.api.doctor", description=description)
    parser.add_argument("--json", action="store_true", help="tell it as a list of objects")
    as_json = parser.parse_args().json
    found: list[Finding] = []
    try:
        for finding in examine(load_settings(Settings)):
            found.append(finding)
            if not as_json:
                _tell(finding)
    except (SettingsError, DatabaseError) as error:
        sys.exit(f"error: {str(error).splitlines()[0]}")
    if as_json:
        sys.stdout.write(f"{json.dumps([asdict(finding) for finding in found], indent=2)}\n")
    sys.exit(int(any(finding.state == "fail" for finding in found)))


def _tell(finding: Finding) -> None:
    sys.stdout.write(f"{finding.state:<5} {finding.what:<11} {finding.told}\n")
    if finding.next is not None:
        sys.stdout.write(f"{'':<17} -> {finding.next}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
