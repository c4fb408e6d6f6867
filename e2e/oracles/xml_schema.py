"""Judges plain XML documents with lxml: `xml_schema.py FOLDER`, which holds schema.xsd and documents."""

import pathlib
import sys

from lxml import etree

folder = pathlib.Path(sys.argv[1])
parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
schema = etree.XMLSchema(etree.parse(folder / "schema.xsd", parser))
accepted = 0
for path in sorted(folder.glob("*.xml")):
    document = etree.parse(path, parser)
    if not schema.validate(document):
        print(f"{path.name}: {schema.error_log.last_error}")
        sys.exit(1)
    accepted += 1
print(f"lxml: {accepted} documents accepted")
