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

"""Group ``[oauth2_certificates]``: client certificates and their sources."""

from oslo_config import cfg
from oslo_config import types

from keystone_oauth2.conf import option_types
from keystone_oauth2.conf import text

sources = cfg.ListOpt(
    'sources',
    deprecated_name='client_certificate_sources',
    deprecated_group='oauth2',
    default=['environ'],
    item_type=types.String(choices=['environ', 'escaped_pem', 'rfc9440']),
    help=text.unwrap("""
Where the TLS front end puts the client certificate. The sources are tried in
this order, and the first one with a certificate is used. ``environ``:
``SSL_CLIENT_CERT`` in the WSGI environment (Apache mod_ssl, nginx with
``uwsgi_param``, cheroot). ``escaped_pem``: a header field with URL-encoded PEM
(nginx ``$ssl_client_escaped_cert``). ``rfc9440``: the header field
``Client-Cert`` of RFC 9440 (HAProxy, Envoy). The last two are used only in
requests from ``[oauth2] trusted_proxies``. List only the sources that your
front end sets, since it removes no others from the requests of clients.
"""),
)

header = cfg.Opt(
    'header',
    type=option_types.FieldName(),
    deprecated_name='client_certificate_header',
    deprecated_group='oauth2',
    default='X-SSL-Client-Cert',
    help=text.unwrap("""
Header field with the certificate, for the source ``escaped_pem``. The proxy
must set or remove it in every request.
"""),
)

verify_header = cfg.Opt(
    'verify_header',
    type=option_types.FieldName(),
    deprecated_name='client_certificate_verify_header',
    deprecated_group='oauth2',
    default='X-SSL-Client-Verify',
    help=text.unwrap("""
Header field with the proxy's verdict on the certificate, for the sources
``escaped_pem`` and ``rfc9440``. A certificate with a verdict other than
``SUCCESS`` is refused, unless it is self-signed and registered for the client.
The proxy must set the field in every request, to ``NONE`` if there is no
certificate. It must also drop header fields with an underscore in their name,
since WSGI servers read them as those with a hyphen. For the source
``environ``, the verdict is in ``SSL_CLIENT_VERIFY``.
"""),
)

ca_file = cfg.StrOpt(
    'ca_file',
    deprecated_name='client_certificate_ca_file',
    deprecated_group='oauth2',
    help=text.unwrap("""
PEM file with the certificates of the CAs that issue client certificates. If
set, Keystone verifies each client certificate in addition to the verdict of
the front end; this is needed if the front end gives no verdict. Use only the
CAs that are meant for clients, not the system's store. The file is read at
start-up. If not set, certificates without a verdict are refused. Self-signed
certificates without a verdict are always refused.
"""),
)

enforce_binding = cfg.BoolOpt(
    'enforce_binding',
    deprecated_name='enforce_certificate_binding',
    deprecated_group='oauth2',
    default=True,
    help=text.unwrap("""
Refuse a certificate-bound token at Keystone's own API unless the connection
has the certificate that the token is bound to. This applies to
``X-Auth-Token``, ``X-Service-Token``, and tokens in a body that are to be
exchanged. When disabled, a stolen bound token can be used there. Services are
not affected: their middleware checks the binding.
"""),
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
ALL_OPTS = [
    sources,
    header,
    verify_header,
    ca_file,
    enforce_binding,
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of this group."""
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)


def list_opts() -> tuple[str, list[cfg.Opt]]:
    """Return the group and its options."""
    return GROUP_NAME, ALL_OPTS
