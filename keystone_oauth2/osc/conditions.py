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

"""Types of arguments that become conditions of a federated identity.

A condition is equality: a pattern would be text that no JWT has.
"""

import argparse
import collections.abc as abc
import json
import re
import typing as ty

from keystone_oauth2.protocol.federation import claim_names
from keystone_oauth2.protocol.federation import spiffe

#: What a claim can be compared with.
Value = str | int | bool
Claims = dict[str, Value | list[Value]]

# RFC 1123 labels, as Kubernetes restricts them.
_LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
_SERVICE_ACCOUNT = re.compile(
    rf'{_LABEL}:(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*'
)
_NUMBER = re.compile('[1-9][0-9]{0,18}')
# What git allows in no name, and what patterns of others have in them.
_NO_BRANCH = re.compile(
    r'refs/|.*[\s~^:?*\[\\]|.*[^\x20-\U0010ffff]', re.DOTALL
)


def claim(text: str) -> tuple[str, Value]:
    """Return the name of a claim and the value that it must have.

    :param text: ``NAME=VALUE`` for a text, or ``NAME:=VALUE`` for an integer
        or a boolean as JSON writes it.
    :raises argparse.ArgumentTypeError: it is something else.
    """
    name, _, value = text.partition('=')
    if not value:
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a claim: give NAME=VALUE, or NAME:=VALUE for an '
            f'integer, true or false'
        )
    is_json = name.endswith(':')
    try:
        claim_names.check(name[:-1] if is_json else name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return (name[:-1], _from_json(value)) if is_json else (name, value)


def service_account(text: str) -> str:
    """Return the subject of the tokens of a Kubernetes service account.

    :param text: its namespace, a colon, and its name.
    :raises argparse.ArgumentTypeError: Kubernetes allows no such names.
    """
    if not _SERVICE_ACCOUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not the namespace and the name of a service '
            f'account, such as backup:uploader'
        )
    return f'system:serviceaccount:{text}'


def spiffe_id(text: str) -> str:
    """Return a SPIFFE ID, which may be followed by ``/*``.

    :raises argparse.ArgumentTypeError: it is something else.
    """
    if spiffe_issuer(text) is None:
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a SPIFFE ID, such as '
            f'spiffe://example.org/backup/uploader'
        )
    return text


def spiffe_issuer(text: str) -> str | None:
    """Return the issuer of a SPIFFE ID, as :func:`spiffe_id` returns it."""
    return spiffe.trust_domain(text.removesuffix('/*'))


def number(text: str) -> str:
    """Return the number of a repository, an owner or a project.

    It remains a text, as in the claims of GitHub and GitLab.

    :raises argparse.ArgumentTypeError: it is something else, such as a name,
        which can be given to another one.
    """
    if not _NUMBER.fullmatch(text):
        raise argparse.ArgumentTypeError(f'{text!r} is not a numeric ID')
    return text


def nonempty(text: str) -> str:
    """Return a text, which an unset variable of a shell is not.

    :raises argparse.ArgumentTypeError: it is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError('it is empty')
    return text


def branch(text: str) -> str:
    """Return the name of a branch.

    :raises argparse.ArgumentTypeError: it cannot be one.
    """
    if not text or _NO_BRANCH.match(text):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not the name of a branch: give it without '
            f'refs/heads/, and no pattern'
        )
    return text


def join(claims: abc.Iterable[tuple[str, Value]]) -> Claims:
    """Return each claim once; a list means any of its values."""
    values: dict[str, list[Value]] = {}
    for name, value in claims:
        values.setdefault(name, []).append(value)
    return {
        name: given[0] if len(given) == 1 else given
        for name, given in values.items()
    }


def _from_json(text: str) -> Value:
    value: ty.Any = None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        pass
    if not isinstance(value, bool | int):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not an integer, true or false; repeat the option '
            f'for any of several values'
        )
    return value
