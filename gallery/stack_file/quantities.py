"""Types of the stack file's values, read strictly: no unit is guessed, no number is a version."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from gallery.metrics.durations import Duration
from gallery.stack_file.errors import nearest

_PERCENT = re.compile(r"\d{1,3}(\.\d{1,5})?%")
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")
# EKS API reference, CreateCluster.
_EKS_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
# Identity Store API reference, Group: GroupId.
_GROUP = re.compile(
    r"([0-9a-f]{10}-)?[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}"
)
_MAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
_ACCOUNT = re.compile(r"\d{12}")
_CPU = re.compile(r"[1-9]\d*m?")
_MEMORY = re.compile(r"[1-9]\d*(Mi|Gi)")
_HEADER = re.compile(r"[0-9A-Za-z][-0-9A-Za-z]*")
_SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization")
_DOMAIN = re.compile(r"([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]{2,}")

# The reference of an image whose registry is named (distribution/reference, "Grammar").
_IMAGE = re.compile(
    r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+"
    r"(:[0-9A-Za-z_][-.0-9A-Za-z_]{0,127})?(@sha256:[0-9a-f]{64})?"
)


def _duration(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, bool | int | float):
        raise ValueError(f"{value} has no unit; write for example {value:g}s")  # noqa: TRY004
    return Duration.parse(str(value))


def _days(value: object) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value} has no unit; write for example {value:g}d")  # noqa: TRY004
    length = _duration(value)
    days, rest = divmod(length.milliseconds, 86_400_000)
    if rest or not days:
        raise ValueError(f"{value} is not a whole number of days; write for example 150d")
    return days


def _share(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value} has no unit; write for example 99.5%")  # noqa: TRY004
    if not isinstance(value, str) or not _PERCENT.fullmatch(value):
        raise ValueError(f"{value!r} is no share; write a number of percent, as 99.5%")
    return round(float(value[:-1]) / 100, 9)


def _version(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004
            f"{value} is a number, and 1.30 would be read as 1.3; write it in quotes"
        )
    if not _VERSION.fullmatch(value):
        raise ValueError(f'{value!r} is not a version; write for example "1.35"')
    return value


def _cidr(value: object) -> str:
    try:
        return str(ipaddress.IPv4Network(str(value)))
    except ValueError as error:
        raise ValueError(f"{value!r} is not an IPv4 CIDR ({error})") from None


def _cpu(value: object) -> int:
    # A whole number of processors may come as a number.
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _CPU.fullmatch(text):
        raise ValueError(f'{value!r} is no amount of CPU; write for example 100m, or "2"')
    return int(text[:-1]) if text.endswith("m") else int(text) * 1000


def _memory(value: object) -> int:
    if not isinstance(value, str) or not _MEMORY.fullmatch(value):
        raise ValueError(f"{value!r} is no amount of memory; write for example 128Mi or 1Gi")
    return int(value[:-2]) * (1024 if value.endswith("Gi") else 1)


def _account(value: object) -> str:
    # Where Pulumi hands a number over as text, twelve digits are read as a number again.
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _ACCOUNT.fullmatch(text):
        raise ValueError(f"{value!r} is not the number of an AWS account: twelve digits, in quotes")
    return text


def _image(value: object) -> str:
    if not isinstance(value, str) or not _IMAGE.fullmatch(value):
        raise ValueError(
            f"{value!r} is no image; write for example registry.example.org/gallery/frontend:v1, "
            "with @sha256: and its digest where it must stay what it is"
        )
    name, _, digest = value.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if not digest and tag in ("", "latest"):
        raise ValueError(f"{value!r} is whatever was pushed last; write a version or a digest")
    return value


def _no_secret_header(name: str) -> str:
    if name.lower() in _SECRET_HEADERS:
        raise ValueError(
            f"{name} carries a credential, and everybody who sees the cluster could read it there; "
            "let the prober in by another header, or by the addresses that it comes from"
        )
    return name


def _matching(pattern: re.Pattern[str], meaning: str) -> BeforeValidator:
    def check(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"{value!r} is not {meaning}")
        return value

    return BeforeValidator(check)


def _schema(pattern: str, **more: Any) -> WithJsonSchema:  # noqa: ANN401
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern})$"} | more)


Length = Annotated[
    Duration,
    PlainValidator(_duration),
    PlainSerializer(str),
    _schema(r"(\d+(ms|[wdhms]))+", examples=["30s"]),
]
Days = Annotated[int, BeforeValidator(_days), _schema(r"\d+[wd]", examples=["150d"])]
# Of one, as percent.
Share = Annotated[float, BeforeValidator(_share), _schema(_PERCENT.pattern, examples=["99.5%"])]
Version = Annotated[str, BeforeValidator(_version), _schema(_VERSION.pattern, examples=["12.4"])]
# In millicores, and in mebibytes.
Cpu = Annotated[
    int,
    BeforeValidator(_cpu),
    PlainSerializer(lambda millicores: f"{millicores}m", return_type=str),
    _schema(_CPU.pattern, examples=["100m", "2"]),
]
Memory = Annotated[
    int,
    BeforeValidator(_memory),
    PlainSerializer(lambda mebibytes: f"{mebibytes}Mi", return_type=str),
    _schema(_MEMORY.pattern, examples=["128Mi", "1Gi"]),
]
Image = Annotated[str, BeforeValidator(_image), _schema(_IMAGE.pattern)]
Cidr = Annotated[
    str, BeforeValidator(_cidr), _schema(r"\d+\.\d+\.\d+\.\d+/\d+", examples=["10.40.0.0/16"])
]
Name = Annotated[
    str,
    _matching(_NAME, "a name: lower-case letters, digits and dashes, at most 40 of them"),
    _schema(_NAME.pattern),
]
EksName = Annotated[
    str,
    _matching(
        _EKS_NAME,
        "an EKS cluster's name: letters, digits, dashes and underscores, at most 100 of them, a "
        "letter or digit first",
    ),
    _schema(_EKS_NAME.pattern),
]
Account = Annotated[
    str,
    BeforeValidator(_account),
    _schema(_ACCOUNT.pattern, type=["string", "integer"], examples=["123456789012"]),
]
Group = Annotated[
    str,
    _matching(
        _GROUP,
        "the id of a group in Identity Center, as 906700000a-1a2b3c4d-0000-4000-8000-000000000001 "
        "(`aws identitystore list-groups` tells it); a name or an address is none",
    ),
    _schema(_GROUP.pattern),
]
Mail = Annotated[str, _matching(_MAIL, "an e-mail address"), _schema(_MAIL.pattern)]
HeaderName = Annotated[
    str,
    _matching(_HEADER, "the name of an HTTP header: letters, digits and dashes"),
    AfterValidator(_no_secret_header),
    _schema(_HEADER.pattern),
]
Domain = Annotated[
    str, _matching(_DOMAIN, "a domain name such as shop.example.org"), _schema(_DOMAIN.pattern)
]


def _distinct(values: list[str]) -> list[str]:
    """The same list, where nothing stands in it twice, whatever its case. Raises ValueError."""
    first = dict[str, str]()
    repeated = list[str]()
    for value in values:
        other = first.get(value.casefold())
        first.setdefault(value.casefold(), value)
        if other is not None:
            spelt = f", as {other!r}" if other != value else ""
            repeated.append(f"{value!r} stands there already{spelt}; keep one")
    if repeated:
        raise ValueError("\n".join(dict.fromkeys(repeated)))
    return values


Distinct = AfterValidator(_distinct)


def listed(names: Iterable[str]) -> WithJsonSchema:
    """What an editor offers for a value that `one_of` checks."""
    return WithJsonSchema({"type": "string", "enum": list(names)})


def one_of(noun: str, names: Iterable[str]) -> AfterValidator:
    """Accepts these names alone; the error offers the nearest."""
    known = tuple(names)

    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f'"{value}" is not {noun}; {nearest(value, known)}')
        return value

    return AfterValidator(check)
