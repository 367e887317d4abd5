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

"""What an access token says: the same for introspection and for a JWT."""

import collections.abc as abc
import dataclasses
import typing as ty

from keystone_oauth2.protocol import confirmation as confirmations
from keystone_oauth2.protocol import scope


@dataclasses.dataclass(frozen=True)
class Domain:
    """A domain as shown in a token."""

    id: str
    name: str


@dataclasses.dataclass(frozen=True)
class Project:
    """A project as shown in a token."""

    id: str
    name: str
    domain: Domain


@dataclasses.dataclass(frozen=True)
class Claims:
    """What a token of any kind says that Keystone currently accepts.

    :ivar audit_id: identifies it in logs.
    :ivar client_id: None if it was not issued to a client.
    :ivar issued_at: seconds since the epoch, as is ``expires_at``.
    :ivar roles: their names.
    :ivar project: its scope, as are ``domain`` and ``is_system``.
    :ivar is_admin_project: None if Keystone does not say.
    :ivar access_rules: the only requests that it may be used for, or None.
    :ivar confirmation: what it is bound to, or None.
    :ivar audience: resources for which it is valid; empty for all.
    """

    audit_id: str
    client_id: str | None
    user_id: str
    user_name: str
    user_domain: Domain
    issued_at: int
    expires_at: int
    roles: tuple[str, ...] = ()
    project: Project | None = None
    domain: Domain | None = None
    is_system: bool = False
    is_admin_project: bool | None = None
    access_rules: tuple[dict[str, str], ...] | None = None
    confirmation: confirmations.Confirmation | None = None
    audience: tuple[str, ...] = ()

    def members(self, issuer: str | None) -> dict[str, ty.Any]:
        """Return the members of a JSON object (RFC 7662, 2.2; RFC 9068, 2.2).

        :param issuer: the issuer identifier, or None if there is none.
        """
        members = {**self._standard(issuer), **self._openstack()}
        return {
            name: value for name, value in members.items() if value is not None
        }

    def _standard(self, issuer: str | None) -> dict[str, ty.Any]:
        return {
            'scope': scope.text(self.roles) or None,
            'client_id': self.client_id,
            'username': self.user_name,
            'token_type': confirmations.token_type(self.confirmation),
            'exp': self.expires_at,
            'iat': self.issued_at,
            'nbf': self.issued_at,
            'sub': self.user_id,
            'iss': issuer,
            'aud': self.audience[0]
            if len(self.audience) == 1
            else self.audience or None,
            'jti': self.audit_id,
            'cnf': self.confirmation and self.confirmation.cnf,
        }

    def _openstack(self) -> dict[str, ty.Any]:
        """Return the members from which a service builds its request context.

        They have the shape that keystonemiddleware's ``external_oauth2_token``
        can map: nested objects, roles in one string, and the domain of a
        domain-scoped token in the place of a project's domain.
        """
        project: dict[str, ty.Any] | None = None
        if self.project is not None:
            project = dataclasses.asdict(self.project)
        elif self.domain is not None:
            project = {'domain': dataclasses.asdict(self.domain)}
        return {
            'user': {
                'id': self.user_id,
                'name': self.user_name,
                'domain': dataclasses.asdict(self.user_domain),
            },
            'project': project,
            'domain': self.domain and dataclasses.asdict(self.domain),
            'system_scope': True if self.is_system else None,
            'roles': _one_string(self.roles) or None,
            'is_admin_project': self.is_admin_project,
            'access_rules': self.access_rules,
        }


def _one_string(roles: abc.Iterable[str]) -> str:
    # A role name with a comma would be read as two.
    return ','.join(name for name in sorted(roles) if ',' not in name)
