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

"""A DER reader for the names and times in certificates (X.690).

Libraries that build objects from a certificate reject values that occur in
practice: names longer than X.520 allows, or of unexpected types.
"""

from __future__ import annotations

import dataclasses

BIT_STRING = 0x03
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31


@dataclasses.dataclass(frozen=True)
class Value:
    """A DER value.

    :ivar tag: the identifier octet.
    :ivar content: the value without tag and length.
    :ivar encoded: the value with tag and length.
    """

    tag: int
    content: bytes
    encoded: bytes

    def check(self, tag: int) -> Value:
        """Return this value if it has the expected tag.

        :raises ValueError: it has another tag.
        """
        if self.tag != tag:
            raise ValueError(f'tag {self.tag} instead of {tag}')
        return self

    def values(self, tag: int) -> list[Value]:
        """Return the values in a SEQUENCE or SET.

        :param tag: which of the two is expected.
        :raises ValueError: it has another tag, or is malformed.
        """
        values, rest = [], self.check(tag).content
        while rest:
            value = _first(rest)
            values.append(value)
            rest = rest[len(value.encoded) :]
        return values

    def oid(self) -> str:
        """Return an OBJECT IDENTIFIER in dotted decimal.

        :raises ValueError: it has another tag, or is malformed.
        """
        arcs, arc = [], 0
        content = self.check(OBJECT_IDENTIFIER).content
        if not content or content[-1] & 0x80:
            raise ValueError('incomplete object identifier')
        for octet in content:
            arc = arc << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return '.'.join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def read(encoded: bytes) -> Value:
    """Read one value.

    :raises ValueError: it is malformed, or other data follows it.
    """
    value = _first(encoded)
    if len(value.encoded) != len(encoded):
        raise ValueError('data after the value')
    return value


def _first(encoded: bytes) -> Value:
    if len(encoded) < 2 or not encoded[0] or encoded[0] & 0x1F == 0x1F:
        raise ValueError('not a value with a one-octet tag')
    start, size = 2, encoded[1]
    if size >= 0x80:
        start += size & 0x7F
        length = encoded[2:start]
        size = int.from_bytes(length, 'big')
        if size < 0x80 or length[0] == 0:
            raise ValueError('length is not in its shortest form')
    end = start + size
    if len(encoded) < end:
        raise ValueError('truncated')
    return Value(encoded[0], encoded[start:end], encoded[:end])
