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

"""The trusted issuer that a federated identity is of."""

import collections.abc as abc
import typing as ty

from osc_lib import exceptions

from keystone_oauth2.osc import base


def choose(
    found: abc.Iterable[ty.Any],
    issuer_id: str | None,
    kind: str | None,
    issuer: str | None = None,
) -> ty.Any:
    """Return the trusted issuer that a user means.

    :param found: all trusted issuers.
    :param issuer_id: its id, if the user has named it.
    :param kind: otherwise, the kind that only one may have.
    :param issuer: and its ``iss``, if that is known.
    :raises exceptions.CommandError: there is none, or more than one.
    """
    enabled = [item for item in found if item.enabled]
    if issuer_id is not None:
        fitting = [item for item in enabled if item.id == issuer_id]
        wanted = f'with the ID {issuer_id}'
    else:
        fitting = [
            item
            for item in enabled
            if item.kind == kind and issuer in (None, item.issuer)
        ]
        wanted = f'of the kind {kind}' + (f' for {issuer}' if issuer else '')
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise exceptions.CommandError(
            f'There are several trusted issuers {wanted}: choose one of '
            f'{_names(fitting)} with --issuer.'
        )
    raise exceptions.CommandError(
        f'There is no enabled trusted issuer {wanted}; --issuer can name one '
        f'of: {_names(enabled) or "none"}.'
    )


def _names(issuers: abc.Iterable[ty.Any]) -> str:
    return ', '.join(sorted(base.printable(item.id) for item in issuers))
