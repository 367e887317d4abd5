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

"""Expected subjects in the tests of subjects."""

import ipaddress

from cryptography import x509

from keystone_oauth2.fixture import certificates as made
from keystone_oauth2.protocol.clients import subject

AUTHORITY = made.CertificateAuthority('CA')
DN, DNS, URI, IP, EMAIL = subject.NAMES
#: Names of the certificate, by the property that expects them.
FOUND = {
    DNS: x509.DNSName('client.example.com'),
    URI: x509.UniformResourceIdentifier('spiffe://example.com/client'),
    IP: x509.IPAddress(ipaddress.ip_address('192.0.2.1')),
    EMAIL: x509.RFC822Name('Client@example.com'),
}
VALUES = {name: str(found.value) for name, found in FOUND.items()}


def matches(name, value, der):
    """Register an expected subject, and compare it with a certificate."""
    registered = subject.read(name, value)
    return subject.matches(name, registered, der)
