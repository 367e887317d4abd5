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

"""Client secret in the Authorization header field (RFC 6749, 2.3.1)."""

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import _secret


class ClientSecretBasic:
    """HTTP Basic with the id and secret of an application credential."""

    scheme = 'Basic'
    evidence = 'authorization'

    def __init__(self, keystone: ports.Ports) -> None:
        self._keystone = keystone

    def is_used(
        self, request: messages.Request, form: parameters.Parameters
    ) -> bool:
        """Whether there is an Authorization field, with any scheme.

        A client that uses another scheme, or an empty field, has tried to
        authenticate, and must learn that it failed.
        """
        return request.authorization is not None

    def client_id(
        self, request: messages.Request, form: parameters.Parameters
    ) -> str:
        """Return the user id in the field (RFC 7617, 2).

        :raises InvalidClient: the field is malformed.
        :raises InvalidRequest: the body names another client.
        """
        client_id, _ = read(request)
        if form.get('client_id') not in (None, client_id):
            raise errors.InvalidRequest(
                detail='client_id differs from the Authorization field'
            )
        return client_id

    def authenticate(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Client:
        """Check id and secret.

        :raises InvalidClient: the field is malformed.
        :raises ports.Refused: id or secret is wrong.
        """
        client_id, secrets = read(request)
        return _secret.authenticate(
            self._keystone, 'client_secret_basic', client_id, secrets
        )


def read(request: messages.Request) -> tuple[str, tuple[str, ...]]:
    """Return the client id and the possible readings of the secret.

    RFC 6749 requires form encoding, which curl and python-requests do not
    apply. So the decoded secret comes first, followed by the raw secret if
    that differs.

    :raises InvalidClient: the field is malformed (RFC 7617, 2).
    """
    if client_auth.scheme(request) != 'basic':
        raise errors.InvalidClient(detail='unknown authentication scheme')
    try:
        words = (request.authorization or '').split()
        decoded = certificates.decode_base64(' '.join(words[1:]))
        encoded_id, colon, encoded_secret = decoded.partition(b':')
        if not colon:
            raise ValueError('no colon')
        return parameters.decode(encoded_id), _candidates(encoded_secret)
    except ValueError as error:
        raise errors.InvalidClient(detail=f'Basic: {error}') from error


def _candidates(secret: bytes) -> tuple[str, ...]:
    if b'\0' in secret:
        raise ValueError('contains a NUL')
    raw = parameters.decode_text(secret)
    try:
        decoded = parameters.decode(secret)
    except ValueError:
        return (raw,)
    return tuple(dict.fromkeys((decoded, raw)))
