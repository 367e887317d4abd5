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

"""Policy rules, one module per resource."""

import itertools

from oslo_policy import policy

from keystone_oauth2.policies import access_token
from keystone_oauth2.policies import client
from keystone_oauth2.policies import client_authenticator
from keystone_oauth2.policies import client_federated_identity
from keystone_oauth2.policies import revocation_event
from keystone_oauth2.policies import token
from keystone_oauth2.policies import trusted_issuer


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return all rules, for Keystone and ``oslopolicy-sample-generator``."""
    modules = (
        access_token,
        client,
        client_authenticator,
        client_federated_identity,
        token,
        revocation_event,
        trusted_issuer,
    )
    return list(
        itertools.chain.from_iterable(
            module.list_rules() for module in modules
        )
    )
