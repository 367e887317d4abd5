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

"""``POST /v3/OS-OAUTH2/introspect``."""

import flask

from keystone_oauth2.api import base


class IntrospectionResource(base.ProtocolResource):
    """The introspection endpoint (RFC 7662, 2)."""

    name = 'introspect'

    def post(self) -> flask.Response:
        """Return the state of a token."""
        return self.respond()
