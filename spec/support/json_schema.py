"""Which documents some JSON Schemas allow: reads [{ "schema": ..., "documents": [...] }], prints the answers as JSON.

A schema that breaks the rules of draft 2020-12 is an error.
"""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    tasks = json.load(file)
for task in tasks:
    Draft202012Validator.check_schema(task["schema"])


def judge(task):
    validator = Draft202012Validator(task["schema"])
    return [validator.is_valid(document) for document in task["documents"]]


print(json.dumps([judge(task) for task in tasks]))
