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

"""``POST /v3/OS-OAUTH2/clients/{client_id}/federated_identities/test``."""

import typing as ty

from oslo_utils import timeutils

from keystone_oauth2.api import client_resource
from keystone_oauth2.api import kinds
from keystone_oauth2.db import registrations
from keystone_oauth2.identity import validation
from keystone_oauth2.policies import client_federated_identity as rules

_SCHEMA = {
    'type': 'object',
    'properties': {
        'assertion': {**kinds.TEXT, 'minLength': 1, 'maxLength': 16384}
    },
    'required': ['assertion'],
    'additionalProperties': False,
}


class FederatedIdentityTestResource(client_resource.Resource):
    """A dry run of client authentication with a JWT."""

    def post(self, client_id: str) -> ty.Any:
        """Return which condition a JWT fails, without using it up."""
        self.permitted(rules.TEST, client_id)
        body = self.body()
        validation.validate(_SCHEMA, body)
        registered = registrations.show(client_id)
        now = timeutils.utcnow()
        return {
            'test': self.server.dry_run.run(
                body['assertion'],
                client_id,
                [one for one in registered.authenticators if one.is_live(now)],
                self.server.allowed(registered),
            )
        }
