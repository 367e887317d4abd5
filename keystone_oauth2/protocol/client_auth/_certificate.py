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

"""Common parts of the methods with a client certificate (RFC 8705, 2)."""

import typing as ty

from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports


class CertificateMethod:
    """The connection's certificate, and ``client_id`` in the body."""

    scheme: ty.ClassVar[str | None] = None
    evidence: ty.ClassVar[str] = 'certificate'

    def __init__(self, keystone: ports.Ports) -> None:
        self._keystone = keystone

    def is_used(
        self, request: messages.Request, form: parameters.Parameters
    ) -> bool:
        """Whether there are both a certificate and a ``client_id``.

        A certificate alone is not an attempt to authenticate: a service mesh
        may use one on every connection (RFC 8705, 2 requires ``client_id``).
        """
        return request.client_certificate is not None and 'client_id' in form

    def client_id(
        self, request: messages.Request, form: parameters.Parameters
    ) -> str:
        """Return the parameter ``client_id`` (RFC 8705, 2)."""
        return form.required('client_id')
