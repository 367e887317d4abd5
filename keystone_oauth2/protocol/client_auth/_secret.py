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

"""Common parts of the methods with a client secret."""

import collections.abc as abc

from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import _delegation


def authenticate(
    keystone: ports.Ports,
    method: str,
    client_id: str,
    secrets: abc.Iterable[str],
) -> messages.Client:
    """Check the secret of an application credential.

    :param method: name of the client authentication method.
    :param secrets: possible readings of the secret, the likeliest first.
    :raises ports.Refused: none is right, the client is not registered for the
        method, or its user must not log in.
    """
    refusal = ports.Refused('no secret')
    for secret in secrets:
        try:
            credential = keystone.verify_secret(client_id, secret)
        except ports.Refused as error:
            refusal = error
            continue
        return _delegation.client(keystone, method, credential)
    raise refusal
