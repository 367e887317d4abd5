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

"""Repositories of GitHub, whose names can be given to others."""

import argparse
import os
import re
import typing as ty
import urllib.parse

from keystoneauth1 import noauth
from keystoneauth1 import session as sessions
from osc_lib import exceptions

from keystone_oauth2.osc import base
from keystone_oauth2.plugin import connection
from keystone_oauth2.plugin import errors
from keystone_oauth2.protocol.federation import trusted_issuer

#: Of github.com.
_API_HOST = 'api.github.com'
API = f'https://{_API_HOST}'
#: Environment variable with a token for private repositories.
TOKEN = 'GITHUB_TOKEN'  # noqa: S105

_ISSUER_HOST = 'token.actions.githubusercontent.com'
_REPOSITORY = re.compile(
    r'[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}'
)
_TIMEOUT = 30  # seconds
_MOVED = (301, 302, 307, 308)
_REFUSALS = {
    401: f'GitHub does not accept the token in {TOKEN}.',
    403: (
        f'GitHub refuses the request. It accepts few without a token in '
        f'{TOKEN}.'
    ),
    404: (
        f'GitHub has no repository {{}} that is public or that the token in '
        f'{TOKEN} can read.'
    ),
}
_REFUSALS[429] = _REFUSALS[403]


def repository(text: str) -> str:
    """Return the names of an owner and of a repository.

    :raises argparse.ArgumentTypeError: it is something else.
    """
    if not _REPOSITORY.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not the name of a repository, such as '
            f'example/website'
        )
    return text


def api(text: str) -> str:
    """Return the URL of an API, without a slash at its end.

    :raises argparse.ArgumentTypeError: it is something else.
    """
    if not trusted_issuer.is_https_url(text):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not an https URL, such as '
            f'https://github.example.com/api/v3'
        )
    return text.rstrip('/')


def check_api(url: str, issuer: str) -> None:
    """Check that an API is not for other repositories than an issuer.

    Each server counts its repositories from one: on another server, the
    number of a repository is one of someone else.

    :param url: of the API.
    :param issuer: of the JWTs.
    :raises exceptions.CommandError: one is of github.com, the other is not.
    """
    hosts = [urllib.parse.urlsplit(one).hostname for one in (url, issuer)]
    if (hosts[0] == _API_HOST) == (hosts[1] == _ISSUER_HOST):
        return
    raise exceptions.CommandError(
        f'{url} is not the API of the server with the issuer '
        f'{base.printable(issuer)}: choose another one with --github-api, or '
        f'another issuer with --issuer.'
    )


def find(url: str, name: str) -> tuple[str, str]:
    """Return the ids of a repository and of its owner.

    :param url: of the API.
    :param name: of the owner and the repository.
    :raises exceptions.CommandError: the API does not tell them.
    """
    client = connection.Connection(
        sessions.Session(timeout=_TIMEOUT), noauth.NoAuth()
    )
    headers = {'Accept': 'application/vnd.github+json', **_authorization()}
    try:
        found = client.get(f'{url}/repos/{name}', headers=headers)
    except errors.AccessTokenError as error:
        raise exceptions.CommandError(_explain(error, name)) from None
    return _ids(found, name)


def _authorization() -> dict[str, str]:
    token = os.environ.get(TOKEN, '').strip()
    return {'Authorization': f'Bearer {token}'} if token else {}


def _explain(error: errors.AccessTokenError, name: str) -> str:
    status = error.http_status
    if status in _MOVED:
        return (
            f'The repository {name} has been renamed or moved: give its '
            f'present name.'
        )
    known = _REFUSALS.get(status) if status else None
    return known.format(name) if known else f'GitHub cannot be asked: {error}'


def _ids(found: dict[str, ty.Any], name: str) -> tuple[str, str]:
    owner = found.get('owner')
    ids = found.get('id'), isinstance(owner, dict) and owner.get('id')
    full_name = found.get('full_name')
    if (
        not isinstance(full_name, str)
        or full_name.lower() != name.lower()
        or any(type(value) is not int or value < 1 for value in ids)
    ):
        raise exceptions.CommandError(
            f'GitHub returned something else than the repository {name}.'
        )
    return str(ids[0]), str(ids[1])
