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

"""What a request authenticates with, read once (RFC 6749, 2.3; RFC 7521, 4.2).

A kind of evidence is read by several client authentication methods, which
differ in what is registered for the client.
"""

import dataclasses
import re
import typing as ty

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import json_objects
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol.clients import jwk

ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
# draft-ietf-oauth-spiffe-client-auth-02, 3.1.
SPIFFE_ASSERTION_TYPE = (
    'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
)

# RFC 6749, A.1.
_CLIENT_ID = re.compile('[\x20-\x7e]+')


@dataclasses.dataclass(frozen=True)
class Basic:
    """The Authorization header field (RFC 7617).

    :ivar secrets: the possible readings of the secret, the likeliest first.
    """

    label: ty.ClassVar[str] = 'the Authorization field'

    client_id: str
    secrets: tuple[str, ...] = dataclasses.field(repr=False)

    @staticmethod
    def is_in(request: messages.Request, form: parameters.Parameters) -> bool:
        """Whether there is an Authorization field, with any scheme.

        A client that uses another scheme, or an empty field, has tried to
        authenticate, and must learn that it failed.
        """
        return request.authorization is not None

    @classmethod
    def read(
        cls, request: messages.Request, form: parameters.Parameters
    ) -> 'Basic':
        """Read id and secret (RFC 6749, 2.3.1).

        The RFC requires form encoding, which curl and python-requests do not
        apply. So the decoded secret comes first, followed by the raw secret
        if that differs.

        :raises InvalidClient: the field is malformed (RFC 7617, 2).
        :raises InvalidRequest: the body names another client.
        """
        if scheme(request) != 'basic':
            raise errors.InvalidClient(detail='unknown authentication scheme')
        words = (request.authorization or '').split()
        try:
            decoded = certificates.decode_base64(' '.join(words[1:]))
            client_id, colon, secret = decoded.partition(b':')
            if not colon:
                raise ValueError('no colon')
            found = cls(parameters.decode(client_id), _readings(secret))
        except ValueError as error:
            raise errors.InvalidClient(detail=f'Basic: {error}') from error
        if form.get('client_id') not in (None, found.client_id):
            raise errors.InvalidRequest(
                detail='client_id differs from the Authorization field'
            )
        return found


@dataclasses.dataclass(frozen=True)
class PostedSecret:
    """A secret in the body (RFC 6749, 2.3.1).

    :ivar secrets: the only reading of it.
    """

    label: ty.ClassVar[str] = 'client_secret'

    client_id: str
    secrets: tuple[str, ...] = dataclasses.field(repr=False)

    @staticmethod
    def is_in(request: messages.Request, form: parameters.Parameters) -> bool:
        """Whether the body has a ``client_secret``."""
        return 'client_secret' in form

    @classmethod
    def read(
        cls, request: messages.Request, form: parameters.Parameters
    ) -> 'PostedSecret':
        """Read ``client_id`` and ``client_secret``.

        :raises MissingParameter: one of them is missing.
        """
        secret = form.required('client_secret')
        return cls(form.required('client_id'), (secret,))


@dataclasses.dataclass(frozen=True)
class Assertion:
    """A JWT in the body (RFC 7523, 2.2), of which nothing is verified.

    :ivar client_id: the parameter, or else the subject of the assertion.
    :ivar text: the assertion itself.
    :ivar header: its JOSE header.
    """

    label: ty.ClassVar[str] = 'client_assertion'
    type: ty.ClassVar[str] = ASSERTION_TYPE

    client_id: str
    text: str = dataclasses.field(repr=False)
    header: dict[str, ty.Any] = dataclasses.field(repr=False)
    claims: dict[str, ty.Any] = dataclasses.field(repr=False)

    @staticmethod
    def is_in(request: messages.Request, form: parameters.Parameters) -> bool:
        """Whether the body has an assertion, or the type of one."""
        return (
            'client_assertion' in form or 'client_assertion_type' in form
        ) and not SpiffeAssertion.is_in(request, form)

    @classmethod
    def read(
        cls, request: messages.Request, form: parameters.Parameters
    ) -> 'Assertion':
        """Read ``client_assertion`` and its type.

        :raises MissingParameter: one of them is missing.
        :raises InvalidClient: it is not a JWT, or names no client.
        """
        if form.required('client_assertion_type') != cls.type:
            raise errors.InvalidClient(detail='unknown client_assertion_type')
        text = form.required('client_assertion')
        try:
            header, claims = parts(text)
        except (ValueError, RecursionError) as error:
            raise errors.InvalidClient(
                detail=f'assertion: not a JWT: {error}'
            ) from error
        client_id = form.get('client_id') or _subject(claims)
        return cls(client_id, text, header, claims)


@dataclasses.dataclass(frozen=True)
class SpiffeAssertion(Assertion):
    """A JWT-SVID in the body (draft-ietf-oauth-spiffe-client-auth-02, 3.1)."""

    label: ty.ClassVar[str] = 'a SPIFFE client_assertion'
    type: ty.ClassVar[str] = SPIFFE_ASSERTION_TYPE

    @staticmethod
    def is_in(request: messages.Request, form: parameters.Parameters) -> bool:
        """Whether the body has the type of such an assertion."""
        return form.get('client_assertion_type') == SPIFFE_ASSERTION_TYPE


@dataclasses.dataclass(frozen=True)
class Certificate:
    """The certificate of the connection, and ``client_id`` in the body."""

    label: ty.ClassVar[str] = 'a client certificate'

    client_id: str
    certificate: messages.ClientCertificate

    @staticmethod
    def is_in(request: messages.Request, form: parameters.Parameters) -> bool:
        """Whether there are both a certificate and a ``client_id``.

        A certificate alone is not an attempt to authenticate: a service mesh
        may use one on every connection (RFC 8705, 2 requires ``client_id``).
        """
        return request.client_certificate is not None and 'client_id' in form

    @classmethod
    def read(
        cls, request: messages.Request, form: parameters.Parameters
    ) -> 'Certificate':
        """Read ``client_id`` (RFC 8705, 2)."""
        certificate = request.client_certificate
        if certificate is None:
            raise errors.InvalidClient(detail='no certificate')
        return cls(form.required('client_id'), certificate)


Evidence = Basic | PostedSecret | Assertion | SpiffeAssertion | Certificate
KINDS: tuple[type[Evidence], ...] = (
    Basic,
    PostedSecret,
    Assertion,
    SpiffeAssertion,
    Certificate,
)


def kinds(
    request: messages.Request, form: parameters.Parameters
) -> list[type[Evidence]]:
    """Return the kinds of evidence in a request."""
    return [kind for kind in KINDS if kind.is_in(request, form)]


def scheme(request: messages.Request) -> str:
    """Return the scheme of the Authorization field in lower case, or ''."""
    words = (request.authorization or '').split(maxsplit=1)
    return words[0].lower() if words else ''


def _readings(secret: bytes) -> tuple[str, ...]:
    if b'\0' in secret:
        raise ValueError('contains a NUL')
    raw = parameters.decode_text(secret)
    try:
        decoded = parameters.decode(secret)
    except ValueError:
        return (raw,)
    return tuple(dict.fromkeys((decoded, raw)))


def _subject(claims: dict[str, ty.Any]) -> str:
    # JSON can have a NUL or half of a surrogate pair, which databases and
    # hashes cannot take. A form cannot.
    subject = claims.get('sub')
    if not isinstance(subject, str) or not _CLIENT_ID.fullmatch(subject):
        raise errors.InvalidClient(detail='assertion: sub is not a client id')
    return subject


def parts(text: str) -> list[dict[str, ty.Any]]:
    """Return header and claims of a compact JWS (RFC 7515, 7.1).

    Nothing is verified.

    :raises ValueError: it is malformed, or not in its canonical form.
    :raises RecursionError: it is nested too deeply.
    """
    encoded = text.split('.')
    if len(encoded) != 3:
        raise ValueError('must have three parts')
    decoded = [jwk.octets(part) for part in encoded]
    return [json_objects.read(part) for part in decoded[:2]]
