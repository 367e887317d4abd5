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

"""Matchers for complete responses of the OAuth 2.0 endpoints."""

import json
import re

from testtools import matchers

_DESCRIPTION = re.compile(r'[\x20-\x21\x23-\x5b\x5d-\x7e]+')
_NO_STORE = {'Cache-Control': ['no-store'], 'Pragma': ['no-cache']}
#: Header fields of Keystone that a response may also have.
_FURTHER = {'Content-Length', 'Vary', 'X-Openstack-Request-Id', 'Date'}
_FURTHER |= {'Server', 'Connection', 'Keep-Alive', 'Transfer-Encoding'}


class _Answer:
    """Base class of matchers for responses."""

    def match(self, answer):
        """Return a mismatch with all differences, or None."""
        wrong = list(self._wrong(answer))
        if not wrong:
            return None
        return matchers.Mismatch(
            '\n'.join([f'{self} does not match:', *wrong, _shown(answer)])
        )

    def _wrong_headers(self, answer, expected):
        expected = {
            'Content-Type': ['application/json'],
            **_NO_STORE,
            **expected,
        }
        found = {}
        for name, value in answer.headers:
            found.setdefault(name.title(), []).append(value)
        for name in sorted(found.keys() - _FURTHER | expected.keys()):
            if found.get(name.title()) != expected.get(name):
                yield f'{name}: {found.get(name)} != {expected.get(name)}'

    def _wrong_status(self, answer, expected):
        if answer.status != expected:
            yield f'status: {answer.status} != {expected}'


class IsOAuthError(_Answer):
    """An error as in RFC 6749, 5.2, without other members or header fields.

    :param status: of the response.
    :param code: the member ``error``.
    :param scheme: the HTTP authentication scheme that a 401 names before
        Keystone's own; None for none.
    :param description: a part of the member ``error_description``.
    :param url: of Keystone, as in its challenge.
    :param allow: of a 405.
    """

    def __init__(
        self,
        status,
        code,
        *,
        scheme='Basic',
        description='',
        url='http://localhost/v3',
        allow=None,
    ):
        self.status = status
        self.code = code
        self.description = description
        self.headers = {}
        if status == 401:
            self.headers['Www-Authenticate'] = [
                *([f'{scheme} realm="keystone"'] if scheme else []),
                f'Keystone uri="{url}"',
            ]
        if allow:
            self.headers['Allow'] = [allow]

    def __str__(self):
        return f'IsOAuthError({self.status}, {self.code!r})'

    def _wrong(self, answer):
        yield from self._wrong_status(answer, self.status)
        yield from self._wrong_headers(answer, self.headers)
        yield from self._wrong_body(answer)

    def _wrong_body(self, answer):
        try:
            body = json.loads(answer.body)
        except ValueError:
            yield 'the body is no JSON'
            return
        if not isinstance(body, dict):
            yield 'the body is no object'
            return
        if body.keys() != {'error', 'error_description'}:
            yield f'members: {sorted(body)}'
        if body.get('error') != self.code:
            yield f'error: {body.get("error")} != {self.code}'
        description = f'{body.get("error_description")}'
        if not _DESCRIPTION.fullmatch(description):
            yield f'forbidden characters in {description!r}'
        if self.description not in description:
            yield f'{self.description!r} is not in {description!r}'


class IsAccessToken(_Answer):
    """A token as in RFC 6749, 5.1, without other members or header fields.

    :param scope: the member of that name; None for none.
    :param expires_in: a range that holds the member of that name.
    """

    def __init__(self, scope='member reader', expires_in=range(3000, 3601)):
        self.scope = scope
        self.expires_in = expires_in

    def __str__(self):
        return f'IsAccessToken({self.scope!r}, {self.expires_in})'

    def _wrong(self, answer):
        yield from self._wrong_status(answer, 200)
        yield from self._wrong_headers(answer, {})
        try:
            body = json.loads(answer.body)
        except ValueError:
            yield 'the body is no JSON'
            return
        members = {'access_token', 'token_type', 'expires_in'}
        if self.scope is not None:
            members.add('scope')
        if body.keys() != members:
            yield f'members: {sorted(body)}'
            return
        if body['token_type'] != 'Bearer':
            yield f'token_type: {body["token_type"]}'
        if body['expires_in'] not in self.expires_in:
            yield f'expires_in: {body["expires_in"]}'
        if body.get('scope') != self.scope:
            yield f'scope: {body.get("scope")} != {self.scope}'
        if not re.fullmatch(r'[\w.~+/=-]{40,}', f'{body["access_token"]}'):
            yield 'the token cannot be sent as Bearer (RFC 6750, 2.1)'


def _shown(answer):
    lines = [f'{name}: {value}' for name, value in answer.headers]
    return '\n'.join([f'{answer.status}', *lines, '', answer.text[:2000]])
