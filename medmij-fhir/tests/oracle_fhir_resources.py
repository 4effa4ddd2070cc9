# SPDX-License-Identifier: AGPL-3.0-or-later
"""An oracle for FHIR XML: the PyPI package fhir.resources 6.4.0 (with pydantic below 2), which carries STU3 and R4.

Takes a folder with `NAME.json` and `NAME.xml`, where NAME begins with stu3 or r4. Writes `NAME.theirs.xml`, their XML of the
JSON, and `NAME.theirs.json`, what they read in the XML. What they cannot read is one line on standard output.
"""
import pathlib
import sys

from fhir.resources import get_fhir_model_class as r4
from fhir.resources.STU3 import get_fhir_model_class as stu3
import json

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    text = path.read_text(encoding="utf-8")
    model = (r4 if path.name.startswith("r4") else stu3)(json.loads(text)["resourceType"])
    try:
        theirs = model.parse_raw(text).xml()
        theirs = theirs if isinstance(theirs, bytes) else theirs.encode()
        read = model.parse_raw(path.with_suffix(".xml").read_bytes(), content_type="application/xml").json()
    except Exception:  # noqa: BLE001: what they do not read is not judged by them
        print(path.stem)
        continue
    path.with_suffix(".theirs.xml").write_bytes(theirs)
    path.with_suffix(".theirs.json").write_text(read, encoding="utf-8")
