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

"""What goes into an endpoint and what comes out, as plain values."""

import dataclasses
import datetime
import typing as ty


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a request comes from, as far as it can be known.

    :ivar address: of the client, or of the proxy that hides it.
    :ivar is_shared: whether other clients may have the same address, as
        behind a proxy. Such an address is never stopped as a whole.
    """

    address: str
    is_shared: bool


UNKNOWN_SOURCE = Source('', is_shared=True)


@dataclasses.dataclass(frozen=True)
class ClientCertificate:
    """The certificate of the client's TLS connection.

    :ivar der: the certificate; empty if what arrived could not be read.
    :ivar problem: why it must not be believed, for the log; None if it was
        verified.
    :ivar has_verdict: whether the front end has said that the client of this
        connection has the key of the certificate, whoever has issued it.
    """

    der: bytes
    problem: str | None = None
    has_verdict: bool = False


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who asks about a token: a client, or the holder of a Keystone token.

    :ivar user_id: whose roles it acts with.
    :ivar roles: their names.
    :ivar client_id: None for a token that no client got.
    :ivar authentication_method: of the client; None with a token.
    :ivar project_id: what it is scoped to, if it is a project.
    :ivar domain_id: the same, if it is a domain.
    :ivar system_scope: ``all``, if it is the system.
    """

    user_id: str
    user_domain_id: str
    roles: tuple[str, ...]
    client_id: str | None = None
    authentication_method: str | None = None
    project_id: str | None = None
    project_domain_id: str | None = None
    domain_id: str | None = None
    system_scope: str | None = None


@dataclasses.dataclass(frozen=True)
class Request:
    """A request as it arrived: nothing is parsed, nothing believed.

    :ivar content_type: value of the header field, or empty.
    :ivar body: at most a little more than an endpoint reads.
    :ivar query: the query string, undecoded.
    :ivar authorization: value of the header field, each byte one character
        (RFC 9110, 5.5), or None.
    :ivar client_certificate: None where there is none, or where no enabled
        client authentication method looks at it.
    :ivar has_keystone_token: whether there is an ``X-Auth-Token``, valid or
        not.
    :ivar token_holder: who sent a valid ``X-Auth-Token``, or None.
    :ivar understands_access_rules: whether the caller would enforce the
        access rules of an application credential.
    :ivar source: where it comes from.
    """

    content_type: str
    body: bytes
    query: str = ''
    authorization: str | None = None
    client_certificate: ClientCertificate | None = None
    has_keystone_token: bool = False
    token_holder: Caller | None = None
    understands_access_rules: bool = False
    source: Source = UNKNOWN_SOURCE


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that an operator may want to know. It holds no secret.

    :ivar name: ``issued``, ``introspected``, ``revoked``, ``refused`` or
        ``limited``.
    :ivar reason: why it was refused or limited, for operators only.
    :ivar client_id: None where no client has authenticated. A refusal has it
        where the client is known, but may not use what it authenticated with.
    :ivar user_id: whose roles are used.
    :ivar project_id: where they are used.
    :ivar audit_id: of the token.
    """

    name: str
    reason: str | None = None
    client_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None
    audit_id: str | None = None


@dataclasses.dataclass(frozen=True)
class Response:
    """A successful answer.

    :ivar body: members of the JSON object; None for an empty body.
    :ivar event: what happened, or None if nothing did.
    """

    body: dict[str, ty.Any] | None
    event: Event | None = None


@dataclasses.dataclass(frozen=True)
class User:
    """The Keystone user whose roles are delegated.

    It and its domain were enabled when it was read.

    :ivar default_project_id: None where the user has none.
    """

    id: str
    name: str
    domain_id: str
    email: str | None = None
    default_project_id: str | None = None


@dataclasses.dataclass(frozen=True)
class Client:
    """A client that has authenticated.

    :ivar id: the ``client_id``.
    :ivar authentication_method: its name in the RFCs.
    :ivar user: whose roles are delegated.
    :ivar project_id: where they are delegated.
    :ivar application_credential_id: None if the client is the user itself.
    :ivar certificate: DER that the token is to be bound to.
    :ivar ends_at: the end of what the client has authenticated with, UTC
        without a zone; None where that has none of its own.
    """

    id: str
    authentication_method: str
    user: User
    project_id: str
    application_credential_id: str | None = None
    certificate: bytes | None = None
    ends_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class IssuedToken:
    """An access token, not handed out yet.

    :ivar value: the token itself: never logged.
    :ivar audit_id: what logs call it.
    :ivar expires_in: what is left of its life, in seconds.
    :ivar roles: names of the roles that it carries.
    :ivar project_domain_id: domain of the project that it is scoped to.
    """

    value: str
    audit_id: str
    expires_in: int
    roles: tuple[str, ...]
    project_domain_id: str


@dataclasses.dataclass(frozen=True)
class Domain:
    """A domain, as far as a token shows it."""

    id: str
    name: str


@dataclasses.dataclass(frozen=True)
class Project:
    """A project, as far as a token shows it."""

    id: str
    name: str
    domain: Domain


@dataclasses.dataclass(frozen=True)
class Token:
    """A token that Keystone accepts right now, of whatever kind.

    :ivar audit_id: what logs call it.
    :ivar client_id: None if no client got it.
    :ivar issued_at: seconds since the epoch, as is ``expires_at``.
    :ivar roles: their names.
    :ivar project: what it is scoped to; as are ``domain`` and ``is_system``.
    :ivar is_admin_project: None where Keystone does not say.
    :ivar access_rules: the only requests that it may be used for, or None.
    :ivar keystone_thumbprint: of the certificate that it is bound to.
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
    keystone_thumbprint: str | None = None
