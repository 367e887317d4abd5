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

"""Readable JSON and shortened credentials."""

from __future__ import annotations

import re
import typing

from oslo_serialization import jsonutils

WIDTH = 72
SHOWN_CHARACTERS = 12

SECRET_MEMBER = 'access_token'
CREDENTIAL = re.compile(r'((?:Basic|Bearer) )(.*)')


def shortened(secret: str) -> str:
    """Return the beginning of a secret or token."""
    return f'{secret[:SHOWN_CHARACTERS]}...'


def header(value: str) -> str:
    """Return the value of a header field with any credential shortened."""
    return CREDENTIAL.sub(lambda found: found[1] + shortened(found[2]), value)


def json(value: typing.Any) -> str:
    """Return JSON on as few lines as are readable.

    An access token in it is shortened.
    """
    if isinstance(value, dict) and SECRET_MEMBER in value:
        value = {**value, SECRET_MEMBER: shortened(value[SECRET_MEMBER])}
    return _laid_out(value, '')


def _laid_out(value: typing.Any, indent: str) -> str:
    compact = jsonutils.dumps(value)
    room = WIDTH - len(indent)
    if len(compact) <= room or not isinstance(value, dict | list):
        return compact
    deeper = indent + '  '
    if isinstance(value, list):
        items = [_laid_out(item, deeper) for item in value]
        return _enclosed('[', items, ']', indent)
    items = [
        f'{jsonutils.dumps(name)}: {_laid_out(value[name], deeper)}'
        for name in value
    ]
    return _enclosed('{', items, '}', indent)


def _enclosed(start: str, items: list[str], end: str, indent: str) -> str:
    lines = f',\n{indent}  '.join(items)
    return f'{start}\n{indent}  {lines}\n{indent}{end}'
