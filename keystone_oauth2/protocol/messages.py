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

"""Requests and responses of the endpoints, as plain values."""

import dataclasses
import datetime
import typing as ty


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a request comes from, as far as is known.

    :ivar address: of the client, or of the proxy that hides it.
    :ivar is_shared: whether other clients may have the same address, as
        behind a proxy. Such an address is never blocked as a whole.
    """

    address: str
    is_shared: bool


UNKNOWN_SOURCE = Source('', is_shared=True)


@dataclasses.dataclass(frozen=True)
class ClientCertificate:
    """The certificate of the client's TLS connection.

    :ivar der: the certificate; empty if it could not be read.
    :ivar problem: why it must not be trusted, for the log; None if it was
        verified.
    :ivar has_verdict: whether the front end has confirmed that the client
        has the private key, whatever it says about the issuer.
    """

    der: bytes
    problem: str | None = None
    has_verdict: bool = False


@dataclasses.dataclass(frozen=True)
class Caller:
    """A client or the holder of a Keystone token, asking about a token.

    :ivar user_id: the user whose roles it has.
    :ivar roles: their names.
    :ivar client_id: None for a token that was not issued to a client.
    :ivar authentication_method: of a client; None with a Keystone token.
    :ivar project_id: of a project scope.
    :ivar domain_id: of a domain scope.
    :ivar system_scope: ``all`` for a system scope.
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
    """A request as received: neither parsed nor verified.

    :ivar content_type: value of the header field, or empty.
    :ivar body: truncated a little above the size that an endpoint reads.
    :ivar query: the query string, not decoded.
    :ivar authorization: value of the header field, with one character a byte
        (RFC 9110, 5.5), or None.
    :ivar client_certificate: None if there is none, or if no enabled client
        authentication method reads it.
    :ivar has_keystone_token: whether there is an ``X-Auth-Token``, valid or
        not.
    :ivar token_holder: the sender of a valid ``X-Auth-Token``, or None.
    :ivar understands_access_rules: whether the caller enforces the access
        rules of an application credential.
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
    """An event for operators. It contains no secret.

    :ivar name: ``issued``, ``introspected``, ``revoked``, ``refused`` or
        ``limited``.
    :ivar reason: why it was refused or limited, for operators only.
    :ivar client_id: None if no client has authenticated. A refusal has it if
        the client is known but must not use this authenticator.
    :ivar user_id: the user whose roles are used.
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
    """A successful response.

    :ivar body: members of the JSON object; None for an empty body.
    :ivar event: None if there is nothing to report.
    """

    body: dict[str, ty.Any] | None
    event: Event | None = None


@dataclasses.dataclass(frozen=True)
class User:
    """The Keystone user whose roles are delegated.

    The user and the user's domain were enabled when this was read.

    :ivar default_project_id: None if the user has none.
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
    :ivar user: the user whose roles are delegated.
    :ivar project_id: the project in which they are delegated.
    :ivar application_credential_id: None if the client is the user.
    :ivar certificate: DER that the token will be bound to.
    :ivar ends_at: when the authenticator that the client has used expires,
        UTC without a zone; None if it has no expiration of its own.
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
    """An access token that has not been sent yet.

    :ivar value: the token itself; never logged.
    :ivar audit_id: identifies it in logs.
    :ivar expires_in: its remaining lifetime in seconds.
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
class Token:
    """A token of any kind that Keystone currently accepts.

    :ivar audit_id: identifies it in logs.
    :ivar client_id: None if it was not issued to a client.
    :ivar issued_at: seconds since the epoch, as is ``expires_at``.
    :ivar roles: their names.
    :ivar project: its scope, as are ``domain`` and ``is_system``.
    :ivar is_admin_project: None if Keystone does not say.
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
