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

import collections.abc as abc
import dataclasses
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
        has the private key, whatever it says about the issuer. It matters,
        and may be true, only if self-signed certificates are accepted.
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

    :ivar method: of HTTP, such as ``POST``.
    :ivar url: scheme, host and path, as Keystone sees them.
    :ivar query: the query string, not decoded.
    :ivar fields: the header fields by their names in lower case. A value has
        one character a byte (RFC 9110, 5.5).
    :ivar body: truncated a little above the size that an endpoint reads.
    :ivar client_certificate: None if there is none, or if no enabled client
        authentication method reads it.
    :ivar has_keystone_token: whether there is an ``X-Auth-Token``, valid or
        not.
    :ivar token_holder: the sender of a valid ``X-Auth-Token``, or None.
    :ivar understands_access_rules: whether the caller enforces the access
        rules of an application credential.
    :ivar prefers_jwt: whether the caller asks for an introspection response
        as a JWT (RFC 9701, 4).
    :ivar source: where it comes from.
    """

    method: str
    url: str
    query: str
    fields: abc.Mapping[str, str] = dataclasses.field(repr=False)
    body: bytes = dataclasses.field(default=b'', repr=False)
    client_certificate: ClientCertificate | None = None
    has_keystone_token: bool = False
    token_holder: Caller | None = None
    understands_access_rules: bool = False
    prefers_jwt: bool = False
    source: Source = UNKNOWN_SOURCE

    @property
    def content_type(self) -> str:
        """The media type of the body, or empty."""
        return self.fields.get('content-type', '')

    @property
    def authorization(self) -> str | None:
        """The header field with credentials (RFC 9110, 11.6.2), or None."""
        return self.fields.get('authorization')


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

    :ivar body: members of the JSON object, or a text of another media type;
        None for an empty body.
    :ivar event: None if there is nothing to report.
    :ivar media_type: of the body.
    :ivar is_negotiated: whether it depends on what the client accepts.
    """

    body: dict[str, ty.Any] | str | None
    event: Event | None = None
    media_type: str = 'application/json'
    is_negotiated: bool = False
