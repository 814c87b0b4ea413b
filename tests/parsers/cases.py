"""The cases, read from `cases/*.toml`. README.md has their form."""

import base64
import hashlib
import itertools
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Case:
    name: str
    options: dict
    # The fields of --json, or None.
    fields: dict | str | None
    # Name to octets: what stands in the folder that `alert` runs in.
    files: dict
    expect: dict
    # `exit` and `error` of a refusal, or None.
    refused: dict | None
    # SMTPUTF8: octets above 0x7F stand in the header.
    utf8: bool = False
    same_as: str | None = None
    results: list = field(default_factory=list)


def load(folder):
    defaults = tomllib.loads((folder / "defaults.toml").read_text("utf-8"))
    cases = []
    for path in sorted(folder.glob("*.toml")):
        if path.name == "defaults.toml":
            continue
        document = tomllib.loads(path.read_text("utf-8"))
        for entry in document.pop("case", []):
            cases.append(case(path.stem, entry, defaults))
        for matrix in document.pop("matrix", []):
            for entry in product(matrix):
                cases.append(case(path.stem, entry, defaults))
        assert not document, f"{path}: unknown tables {list(document)}"
    names = [case.name for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"two cases have one name: {twice}"
    return cases


def product(matrix):
    """Every shape of a matrix with every value in it."""
    for shape, value in itertools.product(matrix["shape"], matrix["value"]):
        if value["name"] in shape.get("skips", []):
            continue
        known = {"want": value.get("value"), **value}
        entry = {key: filled(part, known) for key, part in shape.items()}
        entry["name"] = f"{shape['name']}: {value['name']}"
        entry["files"] = {**value.get("files", {}), **entry.get("files", {})}
        refuses = entry.pop("refuses", [])
        entry.pop("skips", None)
        refused = entry.pop("refused", None)
        if refuses == "all" or value["name"] in refuses:
            entry["refused"] = refused
            entry.pop("expect", None)
        yield entry


def filled(part, known):
    """A part of a shape with `${key}` replaced by what the value has under that key."""
    if isinstance(part, dict):
        return {key: filled(inner, known) for key, inner in part.items()}
    if isinstance(part, list):
        return [filled(inner, known) for inner in part]
    if not isinstance(part, str):
        return part
    for key, replacement in known.items():
        if part == f"${{{key}}}":
            return replacement
        if f"${{{key}}}" in part:
            part = part.replace(f"${{{key}}}", text(replacement, {}))
    return part


def case(group, entry, defaults):
    entry = dict(entry)
    files = {name: octets(spec, {}) for name, spec in entry.pop("files", {}).items()}
    fields = entry.pop("json", None)
    refused = entry.pop("refused", None)
    options = entry.pop("options", {})
    expect = entry.pop("expect", {})
    if isinstance(fields, dict):
        fields = resolved({**defaults["json"], **fields}, files)
        fields = {name: value for name, value in fields.items() if value != "absent"}
    elif fields is None:
        options = {**defaults["options"], **options}
    options = {**defaults["always"], **resolved(options, files)}
    options = {name: value for name, value in options.items() if value != "absent"}
    headers = {**defaults["expect"]["headers"], **expect.pop("headers", {})}
    expect = resolved({**defaults["expect"], **expect, "headers": headers}, files)
    expect = {name: None if value == "absent" else value for name, value in expect.items()}
    expect["headers"] = {name: v for name, v in expect["headers"].items() if v != "absent"}
    for attachment in expect["attachments"]:
        attachment["octets"] = base64.b64encode(octets(attachment["octets"], files)).decode()
    made = Case(
        name=f"{group}: {entry.pop('name')}",
        options=options,
        fields=fields,
        files=files,
        expect=expect,
        refused=None if refused is None else {"exit": 65, **refused},
        utf8=entry.pop("utf8", False),
        same_as=entry.pop("same_as", None),
    )
    assert not entry, f"{made.name}: unknown keys {list(entry)}"
    unknown = set(expect) - set(defaults["expect"])
    assert not unknown, f"{made.name}: unknown expectations {unknown}"
    return made


GENERATORS = {"hex", "random", "repeat", "parts", "file", "base64_of"}


def resolved(part, files):
    """Texts and lists with their generators run; `octets` of attachments are left for later."""
    if isinstance(part, list):
        return [resolved(inner, files) for inner in part]
    if isinstance(part, dict):
        if GENERATORS & set(part):
            return text(part, files)
        return {k: v if k == "octets" else resolved(v, files) for k, v in part.items()}
    return part


def text(spec, files):
    return spec if isinstance(spec, str) else octets(spec, files).decode("utf-8")


def octets(spec, files):
    """What a text or a generator stands for."""
    if isinstance(spec, str):
        return spec.encode("utf-8")
    (kind,) = GENERATORS & set(spec)
    value = spec[kind]
    assert set(spec) <= {kind, "times"}, spec
    if kind == "parts":
        made = b"".join(octets(part, files) for part in value)
    elif kind == "hex":
        made = bytes.fromhex(value)
    elif kind == "file":
        made = files[value]
    elif kind == "base64_of":
        made = base64.b64encode(octets(value, files))
    elif kind == "random":
        made = random_octets(value)
    else:
        made = octets(value, files) * spec["times"]
    return made


def random_octets(number):
    """So many octets, the same ones everywhere: SHA-256 of 0, 1, 2 and so on."""
    blocks = (hashlib.sha256(str(n).encode()).digest() for n in range(number // 32 + 1))
    return b"".join(blocks)[:number]


def arguments(case, folder):
    """The files of a case are written to `folder`; the arguments for `alert`, and its stdin."""
    folder.mkdir(parents=True)
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
    arguments, stdin = ["--eml"], b""
    if case.fields is not None:
        arguments += ["--json", "-"]
        stdin = case.fields if isinstance(case.fields, str) else json.dumps(case.fields)
        stdin = stdin.encode("utf-8")
    for name, value in case.options.items():
        for one in value if isinstance(value, list) else [value]:
            if one is True:
                arguments.append(f"--{name}")
                continue
            one = str(one)
            if name in ("subject", "text", "html") and ("\0" in one or len(one) > ARGUMENT_MAX):
                # An argument cannot hold it.
                (folder / f"option-{name}").write_bytes(one.encode("utf-8"))
                one = f"@option-{name}"
            arguments.append(f"--{name}={one}")
    return arguments, stdin


# Octets. Linux lets an argument have 128 KiB.
ARGUMENT_MAX = 100_000
FOLDER = Path(__file__).parent / "cases"
