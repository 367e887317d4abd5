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

"""Group ``[keystone_authtoken]`` of a service, with the filter's options."""

from oslo_config import cfg
from oslo_config import types

from keystone_oauth2.conf import oauth2_certificates
from keystone_oauth2.conf import option_types
from keystone_oauth2.conf import text

issuer = cfg.Opt(
    'oauth2_issuer',
    type=option_types.HttpsURL('https://keystone.example.com/v3'),
    help=text.unwrap("""
Issuer identifier of Keystone: ``issuer`` in its metadata. JWT access tokens of
this issuer are verified here; all other tokens are validated by Keystone.
Required.
"""),
)

audience = cfg.ListOpt(
    'oauth2_audience',
    default=[],
    help=text.unwrap("""
Audiences of the JWT access tokens that this service accepts: any of them must
be in ``aud``. By default, ``oauth2_issuer``, which is Keystone's default
audience. Set it if ``[oauth2_tokens] audience`` is set in keystone.conf.
``oauth2_resource`` is always accepted.
"""),
)

resource = cfg.Opt(
    'oauth2_resource',
    type=option_types.HttpsURL('https://image.example.com'),
    help=text.unwrap("""
Resource identifier of this service: the URL at which clients reach it. If set,
clients may ask for tokens for this service alone, with ``resource`` (RFC
8707), and the filter serves the service's metadata (RFC 9728) and names their
URL in each response with status 401.
"""),
)

poll_interval = cfg.IntOpt(
    'oauth2_poll_interval',
    default=15,
    min=1,
    max=300,
    help=text.unwrap("""
Seconds after which a revoked token is refused at the latest. Each process
requests Keystone's public keys and its list of revocation events a little more
often: after 80 to 90 percent of this time, at random.
"""),
)

events_max_age = cfg.IntOpt(
    'oauth2_events_max_age',
    default=300,
    min=2,
    max=3600,
    help=text.unwrap("""
Seconds for which the list of revocation events is used if Keystone does not
respond. After that, JWT access tokens are validated by Keystone until it
responds again.
"""),
)

keys_max_age = cfg.IntOpt(
    'oauth2_keys_max_age',
    default=3600,
    min=300,
    help=text.unwrap("""
Seconds for which Keystone's public keys are used if Keystone does not return
them. After that, JWT access tokens are validated by Keystone.
"""),
)

catalog_time = cfg.IntOpt(
    'oauth2_catalog_time',
    default=300,
    min=1,
    help=text.unwrap("""
Seconds after which the service catalog of a user and project is requested
again, in the background. The first token of a user and project is validated by
Keystone, which returns their catalog. If Keystone does not respond, the
service gets no catalog. Not used if ``include_service_catalog`` is false.
"""),
)

trusted_proxies = cfg.ListOpt(
    'oauth2_trusted_proxies',
    item_type=option_types.Network(),
    default=[],
    help=text.unwrap("""
Addresses or networks (``192.0.2.7``, ``2001:db8::/64``) of the proxies whose
header fields about client certificates are trusted. When empty, such header
fields are ignored.
"""),
)

certificate_sources = cfg.ListOpt(
    'oauth2_certificate_sources',
    default=['environ'],
    item_type=types.String(choices=['environ', 'escaped_pem', 'rfc9440']),
    help=text.unwrap("""
Where the TLS front end puts the client certificate, which certificate-bound
tokens need: as ``[oauth2_certificates] sources`` in keystone.conf.
"""),
)

certificate_header = cfg.Opt(
    'oauth2_certificate_header',
    type=option_types.FieldName(),
    default=oauth2_certificates.header.default,
    help=text.unwrap("""
Header field with the certificate, for the source ``escaped_pem``. The proxy
must set or remove it in every request.
"""),
)

certificate_verify_header = cfg.Opt(
    'oauth2_certificate_verify_header',
    type=option_types.FieldName(),
    default=oauth2_certificates.verify_header.default,
    help=text.unwrap("""
Header field with the proxy's verdict on the certificate, for the sources
``escaped_pem`` and ``rfc9440``. The proxy must set it in every request.
"""),
)

certificate_ca_file = cfg.StrOpt(
    'oauth2_certificate_ca_file',
    help=text.unwrap("""
PEM file with the certificates of the CAs that issue client certificates. If
set, each client certificate is verified in addition to the verdict of the
front end; this is needed if the front end gives no verdict.
"""),
)

statsd_host = cfg.HostAddressOpt(
    'oauth2_statsd_host',
    help=text.unwrap("""
Host of a StatsD daemon that receives the filter's counters and the age of keys
and revocation events by UDP, once in ``oauth2_poll_interval``. Needs ``pip
install 'keystone-oauth2[statsd]'``. If not set, nothing is sent.
"""),
)

statsd_port = cfg.PortOpt(
    'oauth2_statsd_port',
    default=8125,
    help='UDP port of ``oauth2_statsd_host``.',
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
ALL_OPTS = [
    issuer,
    audience,
    resource,
    poll_interval,
    events_max_age,
    keys_max_age,
    catalog_time,
    trusted_proxies,
    certificate_sources,
    certificate_header,
    certificate_verify_header,
    certificate_ca_file,
    statsd_host,
    statsd_port,
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of the filter."""
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Return the group and its options, for ``oslo-config-generator``."""
    return [(GROUP_NAME, ALL_OPTS)]
