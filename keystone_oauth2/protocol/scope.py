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

"""Scope: the names of roles (RFC 6749, 3.3)."""

import collections.abc as abc
import re

from keystone_oauth2.protocol import errors

_SCOPE_TOKEN = re.compile(r'[\x21\x23-\x5b\x5d-\x7e]+')


def check(requested: str | None, delegated: abc.Iterable[str]) -> None:
    """Check that a token carries exactly the requested scope.

    Roles whose names cannot be in a scope are ignored, as in :func:`text`: the
    scope in a response is accepted in the next request.

    :param requested: the parameter; None or empty requests all roles.
    :param delegated: names of the roles that the token carries.
    :raises InvalidScope: it is malformed, unknown or not delegated.
    :raises NarrowerScope: it has fewer roles than the token carries.
    """
    if not requested:
        return
    names = set(requested.split(' '))
    if not all(map(_SCOPE_TOKEN.fullmatch, names)):
        raise errors.InvalidScope(detail='scope is malformed')
    writable = set(filter(_SCOPE_TOKEN.fullmatch, delegated))
    if not names <= writable:
        raise errors.InvalidScope(detail='scope was not delegated')
    if names != writable:
        raise errors.NarrowerScope(detail='scope is narrower than delegated')


def text(roles: abc.Iterable[str]) -> str:
    """Return the scope that represents roles.

    Roles are left out if their name has a space, which would make it two
    scopes, or another character that a scope cannot have.
    """
    return ' '.join(filter(_SCOPE_TOKEN.fullmatch, sorted(roles)))
