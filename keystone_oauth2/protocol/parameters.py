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

"""Strict reading of a form body (RFC 6749, 3.2 and appendix B)."""

import collections.abc as abc
import re
import types
import urllib.parse

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages

MAX_BODY = 16 * 1024
MAX_PARAMETERS = 64

_BROKEN_ESCAPE = re.compile(rb'%(?![0-9A-Fa-f]{2})')
_REPEATABLE = 'resource'
_MEDIA_TYPE = 'application/x-www-form-urlencoded'


class Parameters:
    """The parameters of a request, without duplicates or empty values.

    :param values: by name.
    :param resources: the values of the only parameter that may be repeated.
    """

    def __init__(
        self,
        values: abc.Mapping[str, str],
        resources: abc.Iterable[str] = (),
    ) -> None:
        self._values = types.MappingProxyType(dict(values))
        #: Values of ``resource`` (RFC 8707, 2), each once.
        self.resources = tuple(dict.fromkeys(resources))

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> str | None:
        """Return the value, or None if it is missing."""
        return self._values.get(name)

    def required(self, name: str) -> str:
        """Return the value.

        :raises MissingParameter: it is missing.
        """
        value = self._values.get(name)
        if value is None:
            raise errors.MissingParameter(detail=f'{name} is missing')
        return value


def read(request: messages.Request) -> Parameters:
    """Read the body of a request.

    :returns: the parameters, decoded as UTF-8, without empty ones.
    :raises InvalidRequest: it has a duplicate name, another media type, a
        query string, an invalid encoding or a NUL.
    :raises BodyTooLarge: it has more than :data:`MAX_BODY` bytes.
    """
    if request.query:
        raise errors.QueryNotAllowed()
    if len(request.body) > MAX_BODY:
        raise errors.BodyTooLarge()
    if not _is_form(request.content_type):
        raise errors.WrongMediaType()
    pairs = list(_pairs(request.body))
    return Parameters(
        _unique(pair for pair in pairs if pair[0] != _REPEATABLE),
        (value for name, value in pairs if name == _REPEATABLE and value),
    )


def decode(text: bytes) -> str:
    """Undo the form encoding of a name or value (RFC 6749, appendix B).

    :raises ValueError: it has an invalid escape, invalid UTF-8, or a NUL,
        which databases treat differently.
    """
    if _BROKEN_ESCAPE.search(text):
        raise ValueError('a percent sign without two hexadecimal digits')
    decoded = urllib.parse.unquote_to_bytes(text.replace(b'+', b' '))
    if b'\0' in decoded:
        raise ValueError('contains a NUL')
    return decode_text(decoded)


def decode_text(text: bytes) -> str:
    """Decode UTF-8.

    :raises ValueError: it is something else. Python's own sentence has an
        octet in it, which may be one of a secret.
    """
    try:
        return text.decode('utf-8')
    except UnicodeDecodeError:
        raise ValueError('not UTF-8') from None


def _is_form(content_type: str) -> bool:
    media_type, *attributes = content_type.lower().split(';')
    if media_type.strip() != _MEDIA_TYPE:
        return False
    return all(
        attribute.strip() in ('', 'charset=utf-8', 'charset="utf-8"')
        for attribute in attributes
    )


def _pairs(body: bytes) -> abc.Iterator[tuple[str, str]]:
    fields = [field for field in body.split(b'&') if field]
    if len(fields) > MAX_PARAMETERS:
        raise errors.InvalidRequest(detail='too many parameters')
    for field in fields:
        name, _, value = field.partition(b'=')
        try:
            yield decode(name), decode(value)
        except ValueError as error:
            raise errors.InvalidRequest(detail=f'encoding: {error}') from error


def _unique(pairs: abc.Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise errors.RepeatedParameter()
        values[name] = value
    return {name: value for name, value in values.items() if value}
