# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes stu3.txt and r4.txt: the elements of every FHIR type, in the order of the schema.

A line a type: `Type name[*]:kind ...`, where `*` says that the element repeats, and the kind is `b` boolean, `n` number,
`x` xhtml, `R` any resource, nothing for any other primitive type, else the name of a type.

The facts come from the PyPI package fhir.resources 6.4.0 (BSD-3-Clause), which carries STU3 and R4:

    pip install "fhir.resources==6.4.0" "pydantic<2"
    python3 generate.py [FOLDER]
"""
import importlib
import pathlib
import pkgutil
import sys
import typing

import fhir.resources
import fhir.resources.STU3
from pydantic import BaseModel

NUMBERS = {"Integer", "Decimal", "UnsignedInt", "PositiveInt", "int", "float"}
SKIPPED = {"fhirtypes", "fhirtypesvalidators", "fhirabstractmodel", "core"}


def kind(of):
    name = getattr(of, "__name__", str(of))
    if name in ("Boolean", "bool"):
        return "b"
    if name in NUMBERS:
        return "n"
    if name.endswith("Type"):
        return "R" if name == "ResourceType" else name[:-4]
    return ""


def element(owner, name, field):
    outer = field.outer_type_
    repeats = typing.get_origin(outer) is list
    of = typing.get_args(outer)[0] if repeats else outer
    if typing.get_origin(of) is typing.Union:
        of = next(arg for arg in typing.get_args(of) if arg is not type(None))
    what = "x" if (owner, name) == ("Narrative", "div") else kind(of)
    return name + ("*" if repeats else "") + (":" + what if what else "")


def table(package):
    types = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg or module.name in SKIPPED:
            continue
        module = importlib.import_module(f"{package.__name__}.{module.name}")
        for cls in vars(module).values():
            ours = isinstance(cls, type) and issubclass(cls, BaseModel) and cls.__module__ == module.__name__
            if not ours or not hasattr(cls, "elements_sequence") or "resource_type" not in cls.__fields__:
                continue
            owner = cls.__fields__["resource_type"].default
            fields = {field.alias: field for field in cls.__fields__.values()}
            elements = []
            for name in cls.elements_sequence():
                text = element(owner, name, fields[name])
                # a choice of several references stands there once for each target
                if text not in elements:
                    elements.append(text)
            types[owner] = elements
    return types


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for version, package in (("stu3", fhir.resources.STU3), ("r4", fhir.resources)):
        lines = [" ".join([name, *elements]) for name, elements in sorted(table(package).items()) if name]
        (folder / f"{version}.txt").write_text("\n".join(lines) + "\n")
        print(version, len(lines), "types")


main()
