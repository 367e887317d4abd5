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

"""Client secret in the request body (RFC 6749, 2.3.1)."""

from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import _secret


class ClientSecretPost:
    """``client_id`` and ``client_secret`` in the body."""

    scheme = None
    evidence = 'client_secret'

    def __init__(self, keystone: ports.Ports) -> None:
        self._keystone = keystone

    def is_used(
        self, request: messages.Request, form: parameters.Parameters
    ) -> bool:
        """Whether the body has a ``client_secret``."""
        return 'client_secret' in form

    def client_id(
        self, request: messages.Request, form: parameters.Parameters
    ) -> str:
        """Return the parameter ``client_id``.

        :raises MissingParameter: it is missing.
        """
        return form.required('client_id')

    def authenticate(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Client:
        """Check id and secret.

        :raises MissingParameter: there is no client id.
        :raises ports.Refused: id or secret is wrong.
        """
        return _secret.authenticate(
            self._keystone,
            'client_secret_post',
            form.required('client_id'),
            (form.required('client_secret'),),
        )
