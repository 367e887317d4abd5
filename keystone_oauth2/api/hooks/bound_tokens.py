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

"""Certificate-bound tokens at Keystone's own API.

A binding must be enforced everywhere (RFC 9700, 2.2.1), but Keystone accepts a
stolen bound token: in ``X-Auth-Token`` and ``X-Service-Token``, and in a body
that exchanges it for another token.
"""

from oslo_log import log
from oslo_utils import timeutils

from keystone_oauth2.api import base
from keystone_oauth2.identity import presented
from keystone_oauth2.identity import token_models
from keystone_oauth2.identity import web

LOG = log.getLogger(__name__)


class BindingCheck:
    """Checks each request to Keystone before it is processed.

    :param reader: reads the request.
    """

    def __init__(self, reader: base.RequestReader) -> None:
        self._reader = reader

    def __call__(self) -> None:
        """Refuse a bound token without its certificate (RFC 8705, 3).

        :raises web.TokenRefused: the connection has no certificate, or
            another one.
        """
        context, further = web.auth_context(), presented.further_tokens()
        if not context and not further:
            return
        confirmations = token_models.confirmations(context, further)
        if not confirmations:
            return
        certificate = self._reader.head().client_certificate
        now = timeutils.utcnow()
        if not all(
            bound_to.holds(certificate, now) for bound_to in confirmations
        ):
            LOG.info('A certificate-bound token came without its certificate')
            web.set_unenforced_ok()
            raise web.TokenRefused()
