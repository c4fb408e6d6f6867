"""Judges FHIR document bundles with fhir.resources: `fhir_document.py FOLDER`.

Every .json must be a valid bundle. Every .xml must hold, in the order the standard gives the elements of each
type, exactly what the .json of the same name holds.
"""

import importlib
import json
import pathlib
import sys
import typing

from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.bundle import Bundle
from lxml import etree

FHIR = "{http://hl7.org/fhir}"
XHTML = "{http://www.w3.org/1999/xhtml}"


def fail(path, words):
    print(f"{path.name}: {words}")
    sys.exit(1)


def model_in(annotation):
    """The model of a FHIR type that an annotation names, at any depth of it; none for primitives."""
    path = getattr(annotation, "_model_klass", None)
    if isinstance(path, str):
        module, name = path.rsplit(".", 1)
        return getattr(importlib.import_module(module), name)
    return next(filter(None, map(model_in, typing.get_args(annotation))), None)


def check_order(path, element, model):
    """Elements stand in the order of the standard, at every depth; gives how many were looked at."""
    order = model.elements_sequence()
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    children = [c for c in element if isinstance(c.tag, str) and c.tag.startswith(FHIR)]
    names = [c.tag.removeprefix(FHIR) for c in children]
    checked = 1
    for child, name in zip(children, names):
        if name not in order:
            fail(path, f"{model.__name__} has no element {name}")
        first = next((c for c in child if isinstance(c.tag, str)), None)
        if first is not None and first.tag.removeprefix(FHIR)[:1].isupper():
            checked += check_order(path, first, get_fhir_model_class(first.tag.removeprefix(FHIR)))
        elif inner := model_in(fields[name].annotation):
            checked += check_order(path, child, inner)
    if names != sorted(names, key=order.index):
        fail(path, f"{model.__name__} has its elements in another order than the standard: {names}")
    return checked


def flat(value):
    """JSON as what XML can say: lists of one are single, numbers are text."""
    if isinstance(value, dict):
        out = {}
        for name, inner in value.items():
            if name != "resourceType":
                out[name] = flat(inner)
        return out
    if isinstance(value, list):
        return [flat(inner) for inner in value] if len(value) != 1 else flat(value[0])
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.strip() if isinstance(value, str) else str(value)


def tree(element):
    """An XML element as JSON by the rules of the FHIR XML format."""
    out = {name: element.get(name) for name in ("id", "url") if element.get(name) is not None}
    for child in element:
        if not isinstance(child.tag, str):
            continue
        if child.tag == f"{XHTML}div":
            found, extra = etree.tostring(child, encoding="unicode", with_tail=False).strip(), None
            found = etree.canonicalize(found)
        else:
            name = child.tag.removeprefix(FHIR)
            inner = [c for c in child if isinstance(c.tag, str)]
            if len(inner) == 1 and inner[0].tag.removeprefix(FHIR)[:1].isupper():
                found, extra = tree(inner[0]), None
            elif child.get("value") is not None:
                found, extra = child.get("value").strip(), tree(child) if inner else None
            else:
                only_extensions = name != "extension" and inner and all(c.tag == f"{FHIR}extension" for c in inner)
                found, extra = (None, tree(child)) if only_extensions else (tree(child), None)
        name = "div" if child.tag == f"{XHTML}div" else name
        for key, value in ((name, found), (f"_{name}", extra)):
            if value is None:
                continue
            if key not in out:
                out[key] = value
            elif isinstance(out[key], list):
                out[key].append(value)
            else:
                out[key] = [out[key], value]
    return out


def canonical_divs(value):
    if isinstance(value, dict):
        return {k: etree.canonicalize(v) if k == "div" else canonical_divs(v) for k, v in value.items()}
    if isinstance(value, list):
        return [canonical_divs(v) for v in value]
    return value


def difference(one, two, at=""):
    if type(one) is not type(two):
        return f"{at}: {one!r} and {two!r}"
    if isinstance(one, dict):
        for name in sorted(one.keys() | two.keys()):
            if name not in one or name not in two:
                return f"{at}.{name} is in one only"
            if found := difference(one[name], two[name], f"{at}.{name}"):
                return found
    elif isinstance(one, list):
        if len(one) != len(two):
            return f"{at}: {len(one)} and {len(two)} values"
        for n, (a, b) in enumerate(zip(one, two)):
            if found := difference(a, b, f"{at}[{n}]"):
                return found
    elif one != two:
        return f"{at}: {one!r} and {two!r}"
    return None


def main(folder):
    accepted = checked = 0
    for path in sorted(folder.glob("*.json")):
        text = path.read_text(encoding="utf-8")
        try:
            Bundle.model_validate_json(text)
        except ValueError as error:
            fail(path, f"fhir.resources refuses it:\n{str(error)[:3000]}")
        accepted += 1
        xml = path.with_suffix(".xml")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
        root = etree.parse(xml, parser).getroot()
        if root.tag != f"{FHIR}Bundle":
            fail(xml, f"the root is {root.tag}")
        checked += check_order(xml, root, Bundle)
        plain = canonical_divs(flat(json.loads(text, parse_float=str, parse_int=str)))
        if found := difference(plain, tree(root)):
            fail(xml, f"differs from the JSON at Bundle{found}")
        accepted += 1
    print(f"fhir.resources: {accepted} documents accepted, order of {checked} elements checked")


main(pathlib.Path(sys.argv[1]))
