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

"""Names of claims, also of those inside other claims (RFC 6901)."""

import collections.abc as abc
import json
import re
import typing as ty

MAX_LENGTH = 255
_MAX_SHOWN = 200

# RFC 6901, 3: a tilde is followed by 0 or 1.
_POINTER = re.compile('(?:/(?:[^/~]|~[01])*)+')
_MISSING = object()


def check(name: str) -> None:
    """Check that a text can name a claim.

    :param name: of a claim, or a JSON Pointer such as
        ``/kubernetes.io/serviceaccount/uid`` to a member of one. Names with a
        dot or a slash inside are names like others.
    :raises ValueError: it cannot; one sentence with the reason.
    """
    if not 0 < len(name) <= MAX_LENGTH or not name.isprintable():
        raise ValueError(
            f'The name of a claim must have 1 to {MAX_LENGTH} printable '
            f'characters.'
        )
    if name.startswith('/') and not _POINTER.fullmatch(name):
        raise ValueError(
            f'The name {name} is not a JSON Pointer (RFC 6901): write ~0 for '
            f'a tilde.'
        )


def find(name: str, claims: abc.Mapping[str, ty.Any]) -> tuple[bool, ty.Any]:
    """Return whether a JWT has a claim, and its value.

    :param name: as for :func:`check`.
    """
    value: ty.Any = claims
    for part in _parts(name):
        # Not into lists: which place a value has in one means nothing.
        value = (
            value.get(part, _MISSING)
            if isinstance(value, abc.Mapping)
            else _MISSING
        )
    return (False, None) if value is _MISSING else (True, value)


def shown(value: ty.Any) -> str:
    """Return the value of a claim for a message: short, in ASCII."""
    # Without its content, which may be nested too deeply for the encoder.
    if isinstance(value, abc.Mapping):
        return 'an object'
    if isinstance(value, list):
        return 'a list'
    text = json.dumps(value)
    return text if len(text) <= _MAX_SHOWN else f'{text[:_MAX_SHOWN]}...'


def _parts(name: str) -> list[str]:
    if not name.startswith('/'):
        return [name]
    return [
        part.replace('~1', '/').replace('~0', '~')
        for part in name[1:].split('/')
    ]
