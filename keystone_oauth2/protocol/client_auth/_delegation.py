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

"""Common parts of the methods that use application credentials."""

import datetime

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports


def client(
    keystone: ports.Ports,
    method: str,
    credential: ports.ApplicationCredential,
    certificate: bytes | None = None,
) -> messages.Client:
    """Return the client whose credentials have been verified.

    :param method: name of the client authentication method.
    :param certificate: DER that its token will be bound to.
    :raises ports.Refused: it is not registered for the method (RFC 8705, 2),
        or its user must not log in.
    """
    if credential.methods is not None and method not in credential.methods:
        raise ports.Refused(
            f'client {credential.id}: not registered for {method}'
        )
    user = keystone.find_user(
        credential.user_id, is_enabled=credential.is_user_enabled
    )
    if credential.use is not None:
        keystone.note_use(credential.use)
    return messages.Client(
        id=credential.id,
        authentication_method=method,
        user=user,
        project_id=credential.project_id,
        application_credential_id=credential.id,
        certificate=certificate,
        ends_at=_end(credential.ends_at, certificate),
    )


def _end(
    registered: datetime.datetime | None, certificate: bytes | None
) -> datetime.datetime | None:
    # A subject may be registered for longer than its certificates are valid.
    if certificate is None:
        return registered
    end = certificates.expires_at(certificate)
    return end if registered is None else min(registered, end)
