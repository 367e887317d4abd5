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

"""JSON objects, read strictly (RFC 8259)."""

import json
import typing as ty


def read(content: bytes) -> dict[str, ty.Any]:
    """Return a JSON object.

    :raises ValueError: it is none, or not in UTF-8, or a member is there
        twice.
    :raises RecursionError: it is nested too deeply.
    """
    # json.loads also accepts bytes in UTF-16 and UTF-32, and skips a byte
    # order mark; RFC 8259, 8.1, requires UTF-8.
    value = json.loads(
        content.decode('utf-8'),
        object_pairs_hook=_unique,
        parse_constant=_refuse_constant,
    )
    if not isinstance(value, dict):
        raise ValueError('must be a JSON object')
    return value


def _unique(members: list[tuple[str, ty.Any]]) -> dict[str, ty.Any]:
    # Parsers differ in which duplicate wins (RFC 7515, 4; RFC 8725, 2.4).
    found = dict(members)
    if len(found) != len(members):
        raise ValueError('duplicate member')
    return found


def _refuse_constant(name: str) -> ty.NoReturn:
    # Python reads NaN and Infinity, which JSON does not have.
    raise ValueError(f'{name} is not JSON')
