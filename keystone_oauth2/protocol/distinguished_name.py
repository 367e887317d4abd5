# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Distinguished names, as text (RFC 4514) and in certificates."""

import collections.abc as abc
import re
import unicodedata

from keystone_oauth2.protocol import asn1
from keystone_oauth2.protocol import attribute_types

#: Text, or DER from a certificate or written as ``#`` and hexadecimal digits.
Value = str | asn1.Value
#: Relative distinguished names in the certificate's order, each with pairs of
#: object identifier (dotted decimal) and value.
Name = abc.Sequence[abc.Sequence[tuple[str, Value]]]

_TYPE = re.compile(
    r'\s*(?:(?P<name>[A-Za-z][A-Za-z0-9-]*)'
    r'|(?:[Oo][Ii][Dd]\.)?(?P<oid>[0-9]+(?:\.[0-9]+)+))\s*='
)
_OID = re.compile(
    r'(?:[01]\.[1-3]?[0-9]|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*'
)
_VALUE = re.compile(
    r'(?:[^\\,+";<>\0]|\\(?:[0-9A-Fa-f]{2}|[ #=,+";<>\\]))*', re.DOTALL
)
_ESCAPED = re.compile(rb'\\([0-9A-Fa-f]{2}|.)', re.DOTALL)
_AS_PRINTED = (
    'write the name as "openssl x509 -subject -nameopt RFC2253" prints it, '
    'its last part first'
)
# RFC 4518, 2.2; the other blanks become one by NFKC.
_BLANKS = re.compile('[\t-\r\x85\u1680\u2028\u2029 ]+')

# Encodings of string tags, as read by OpenSSL and by cryptography. T61String
# has no unambiguous reading; in other types, octets above 127 are not allowed
# but occur. A name matches if it does under either of the two readings.
_UNICODE = {12: 'utf-8', 28: 'utf-32-be', 30: 'utf-16-be'}
_OTHERS = (18, 19, 20, 22, 23, 24, 26)
_OPENSSL = {**_UNICODE, **dict.fromkeys(_OTHERS, 'latin-1')}
_CRYPTOGRAPHY = {**_UNICODE, **dict.fromkeys((4, *_OTHERS), 'utf-8')}


def parse(text: str) -> Name:
    """Parse a name that an owner or an operator has written (RFC 4514).

    :raises ValueError: it is malformed; the message is a predicate without
        its subject.
    """
    parts: list[list[tuple[str, Value]]] = [[]]
    place = 0
    while True:
        type_ = _TYPE.match(text, place)
        if type_ is None:
            raise _wrong(
                f'expected an attribute, such as CN=, at character '
                f'{place + 1}; {_AS_PRINTED}'
            )
        value = _VALUE.match(text, type_.end())
        assert value is not None  # noqa: S101  # nosec
        parts[-1].append((_oid(type_), _value(value[0])))
        place = value.end()
        if place == len(text):
            return parts[::-1]
        _check_separator(text[place])
        if text[place] == ',':
            parts.append([])
        place += 1


def read(name: asn1.Value) -> Name:
    """Read a name from a certificate (RFC 5280, 4.1.2.4).

    :raises ValueError: it is malformed.
    """
    return [
        [_attribute(pair) for pair in part.values(asn1.SET)]
        for part in name.values(asn1.SEQUENCE)
    ]


def is_empty(name: Name) -> bool:
    """Whether all values in a name are empty."""
    return not any(text_of(value) for part in name for _, value in part)


def is_same(one: Name, other: Name) -> bool:
    """Whether two names have the same parts in the same order.

    The order within a part does not matter (RFC 5280, 7.1).
    """
    return any(
        _comparable(one, codecs) == _comparable(other, codecs)
        for codecs in (_OPENSSL, _CRYPTOGRAPHY)
    )


def text_of(value: Value) -> str:
    """Return a value as text, or as ``#`` and its DER in hexadecimal."""
    for codecs in (_CRYPTOGRAPHY, _OPENSSL):
        value = _decoded(value, codecs)
    return value if isinstance(value, str) else f'#{value.encoded.hex()}'


def _wrong(why: str) -> ValueError:
    return ValueError(f'is not a distinguished name (RFC 4514): {why}')


def _oid(type_: re.Match[str]) -> str:
    oid, name = type_['oid'], type_['name']
    if name:
        oid = attribute_types.oid(name)
        if oid is None:
            raise _wrong(
                f'unknown attribute name {name}; write the object identifier '
                f'instead, as in 2.5.4.3=value'
            )
    elif not _OID.fullmatch(oid):
        raise _wrong(f'{oid} is not a valid object identifier')
    return str(oid)


def _value(text: str) -> Value:
    if text.startswith('#'):
        return _from_hexadecimal(text[1:].rstrip())
    if text.startswith(' '):
        raise _wrong(
            f'a space follows an equal sign; {_AS_PRINTED}, or the space as '
            f'"\\ "'
        )
    try:
        return _ESCAPED.sub(_unescaped, text.encode()).decode()
    except UnicodeError as error:
        raise _wrong(
            'a value is not valid UTF-8; write "#" and its DER in hexadecimal'
        ) from error


def _from_hexadecimal(digits: str) -> asn1.Value:
    try:
        return asn1.read(bytes.fromhex(digits))
    except ValueError as error:
        raise _wrong(
            '"#" must be followed by the DER of the value, with tag and '
            'length, in hexadecimal; write "\\#" for the character itself'
        ) from error


def _unescaped(match: re.Match[bytes]) -> bytes:
    escaped = match[1]
    return bytes.fromhex(escaped.decode()) if len(escaped) == 2 else escaped


def _check_separator(character: str) -> None:
    if character == '\\':
        raise _wrong(
            'a backslash must be followed by a special character or two '
            'hexadecimal digits; write "\\\\" for the character itself'
        )
    if character not in ',+':
        raise _wrong(
            f'the character {character!r} in a value must be written as '
            f'"\\{ord(character):02x}"'
        )


def _attribute(pair: asn1.Value) -> tuple[str, asn1.Value]:
    values = pair.values(asn1.SEQUENCE)
    if len(values) != 2:
        raise ValueError('not an attribute with one value')
    return values[0].oid(), values[1]


def _comparable(name: Name, codecs: abc.Mapping[int, str]) -> object:
    return [
        sorted((oid, _prepared(value, codecs)) for oid, value in part)
        for part in name
        if part
    ]


def _prepared(value: Value, codecs: abc.Mapping[int, str]) -> str:
    """Prepare a value for comparison.

    Unlike RFC 4518, no character is dropped or prohibited: names that differ
    only in an invisible character are different.
    """
    value = _decoded(value, codecs)
    if isinstance(value, asn1.Value):
        return f'#{_bits(value).hex()}'
    text = unicodedata.normalize('NFKC', value).casefold()
    text = unicodedata.normalize('NFKC', text)
    return f'={_BLANKS.sub(" ", text).strip(" ")}'


def _decoded(value: Value, codecs: abc.Mapping[int, str]) -> Value:
    if isinstance(value, asn1.Value) and value.tag in codecs:
        try:
            return value.content.decode(codecs[value.tag])
        except UnicodeDecodeError:
            pass
    return value


def _bits(value: asn1.Value) -> bytes:
    # OpenSSL prints unused bits of a BIT STRING as zeros.
    encoded, content = value.encoded, value.content
    if value.tag == asn1.BIT_STRING and len(content) > 1 and content[0] < 8:
        return encoded[:-1] + bytes([encoded[-1] >> content[0] << content[0]])
    return encoded
