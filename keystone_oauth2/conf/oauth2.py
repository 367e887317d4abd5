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

"""Group ``[oauth2]``: two options of Keystone, and those of this package."""

from oslo_config import cfg
from oslo_config import types


def _text(lines: str) -> str:
    # The sample generator keeps line breaks and wraps lines again.
    return ' '.join(lines.split())


#: Keystone registers these two itself. They are here for the sample, and
#: because the default of the first one replaces Keystone's.
oauth2_authn_methods = cfg.ListOpt(
    'oauth2_authn_methods',
    default=['tls_client_auth', 'client_secret_basic', 'client_secret_post'],
    help=_text("""
Client authentication methods that the OAuth 2.0 endpoints accept: any of
``client_secret_basic`` (id and secret of an application credential by HTTP
Basic), ``client_secret_post`` (the same in the body), ``private_key_jwt`` (a
JWT that the client has signed with a registered key; needs ``issuer``),
``tls_client_auth`` (a client certificate whose subject is registered for the
client, or that maps to a user) and ``self_signed_tls_client_auth`` (a client
certificate that is registered for the client). Only the listed methods are
enabled: with ``client_secret_basic`` but without ``client_secret_post``,
clients that send their secret in the body are refused, although Keystone's
in-tree API accepts them. The registration of a client may restrict it to some
of these methods. An unknown method stops Keystone at start-up.
"""),
)

oauth2_cert_dn_mapping_id = cfg.StrOpt(
    'oauth2_cert_dn_mapping_id',
    default='oauth2_mapping',
    help=_text("""
Id of the federation mapping that maps client certificates to users. Used by
``tls_client_auth`` only. The mapping must yield a user id, or a user name with
a domain; each property that it yields must match the user.
"""),
)

client_certificate_sources = cfg.ListOpt(
    'client_certificate_sources',
    default=['environ'],
    item_type=types.String(choices=['environ', 'escaped_pem', 'rfc9440']),
    help=_text("""
Where the TLS front end puts the client certificate. The sources are tried in
this order, and the first one with a certificate is used. ``environ``:
``SSL_CLIENT_CERT`` in the WSGI environment (Apache mod_ssl, nginx with
``uwsgi_param``, cheroot). ``escaped_pem``: a header field with URL-encoded PEM
(nginx ``$ssl_client_escaped_cert``). ``rfc9440``: the header field
``Client-Cert`` of RFC 9440 (HAProxy, Envoy). The last two are used only in
requests from ``trusted_proxies``. List only the sources that your front end
sets, since it removes no others from the requests of clients.
"""),
)

client_certificate_header = cfg.StrOpt(
    'client_certificate_header',
    default='X-SSL-Client-Cert',
    help=_text("""
Header field with the certificate, for the source ``escaped_pem``. The proxy
must set or remove it in every request.
"""),
)

client_certificate_verify_header = cfg.StrOpt(
    'client_certificate_verify_header',
    default='X-SSL-Client-Verify',
    help=_text("""
Header field with the proxy's verdict on the certificate, for the sources
``escaped_pem`` and ``rfc9440``. A certificate with a verdict other than
``SUCCESS`` is refused, unless it is self-signed and registered for the client.
The proxy must set the field in every request, to ``NONE`` if there is no
certificate. It must also drop header fields with an underscore in their name,
since WSGI servers read them as those with a hyphen. For the source
``environ``, the verdict is in ``SSL_CLIENT_VERIFY``.
"""),
)

client_certificate_ca_file = cfg.StrOpt(
    'client_certificate_ca_file',
    help=_text("""
PEM file with the certificates of the CAs that issue client certificates. If
set, Keystone verifies each client certificate in addition to the verdict of
the front end; this is needed if the front end gives no verdict. Use only the
CAs that are meant for clients, not the system's store. The file is read at
start-up. If not set, certificates without a verdict are refused. Self-signed
certificates without a verdict are always refused.
"""),
)

enforce_certificate_binding = cfg.BoolOpt(
    'enforce_certificate_binding',
    default=True,
    help=_text("""
Refuse a certificate-bound token at Keystone's own API unless the connection
has the certificate that the token is bound to. This applies to
``X-Auth-Token``, ``X-Service-Token``, and tokens in a body that are to be
exchanged. When disabled, a stolen bound token can be used there. Services are
not affected: their middleware checks the binding.
"""),
)

trusted_proxies = cfg.ListOpt(
    'trusted_proxies',
    default=[],
    help=_text("""
Addresses or networks (``192.0.2.7``, ``2001:db8::/64``) of the proxies whose
header fields about client certificates are trusted. A proxy is recognized by
the address of its TCP connection, never by ``X-Forwarded-For``. When empty,
such header fields are ignored. Failed authentications are also counted by the
address that these proxies report: each of them must add the address of its
client to ``X-Forwarded-For``, or remove the field. When empty,
``address_failure_limit`` blocks no address, and a warning is logged at
start-up. If there is no proxy, set it to ``127.0.0.1``.
"""),
)

issuer = cfg.StrOpt(
    'issuer',
    help=_text("""
Issuer identifier of this authorization server (RFC 8414): an https URL without
query, fragment or trailing slash, the same on every node. Clients are
configured with it, and derive the URL of the metadata from it. If not set, it
is ``[DEFAULT] public_endpoint`` followed by ``/v3``, if that is an https URL.
Without an issuer there is no metadata, and introspection omits ``iss``.
"""),
)

mtls_endpoint = cfg.StrOpt(
    'mtls_endpoint',
    help=_text("""
Base URL of Keystone, up to ``/v3``, at which the front end requests client
certificates, if its host or port differs from the public endpoint:
``https://mtls.example.com/identity/v3``. The metadata then has
``mtls_endpoint_aliases`` (RFC 8705, 5).
"""),
)

secret_digests = cfg.BoolOpt(
    'secret_digests',
    default=True,
    help=_text("""
Check the secret of an application credential with Keystone's slow hash only
the first time, and then with a digest under a key that is not in the database.
Needs ``keystone-oauth2-manage db_sync`` and a key repository. When disabled,
or if one of them is missing, each request takes a slow hash.
"""),
)

secret_digest_key_repository = cfg.StrOpt(
    'secret_digest_key_repository',
    help=_text("""
Directory with the keys for digests of secrets, in the layout of
``keystone-manage credential_setup``, the same on every node. If not set, it is
``[credential] key_repository``. After a key has been removed, each secret with
a digest under this key takes the slow hash once more.
"""),
)

client_assertion_max_lifetime = cfg.IntOpt(
    'client_assertion_max_lifetime',
    default=3600,
    min=10,
    max=86400,
    help=_text("""
Maximum time in seconds until a client assertion (``private_key_jwt``) expires.
Each is remembered until it expires, since it can be used only once. The
default accepts the default of keystonemiddleware's ``external_oauth2_token``;
most client libraries use one to five minutes.
"""),
)

client_assertion_for_token_endpoint = cfg.BoolOpt(
    'client_assertion_for_token_endpoint',
    default=False,
    help=_text("""
Also accept client assertions whose audience is the URL of the token endpoint
instead of the issuer. Older clients send it, such as services with
keystonemiddleware's ``external_oauth2_token`` if ``audience`` is set as in its
guide. Another server that a client trusts could use such an assertion here
(CVE-2025-27370): prefer to set ``audience`` to the issuer in the clients.
"""),
)

client_authenticator_limit = cfg.IntOpt(
    'client_authenticator_limit',
    default=10,
    min=1,
    max=100,
    help=_text("""
Maximum number of secrets, of keys and of certificates, each, that can be
registered for a client. Expired ones are replaced by new ones.
"""),
)

client_authenticator_expiry_warning = cfg.IntOpt(
    'client_authenticator_expiry_warning',
    default=1209600,
    min=0,
    help=_text("""
How many seconds before its expiration a registered secret, key or certificate
is reported as expiring soon, by the API and by ``keystone-oauth2-manage
list_expiring``. The default is 14 days.
"""),
)

client_failure_limit = cfg.StrOpt(
    'client_failure_limit',
    default='30/minute',
    help=_text("""
How many authentications of one client may fail in a period, such as
``30/minute`` or ``100/hour``. Above the limit, a right secret is still
accepted, and a wrong one gets 429 with ``Retry-After`` if the client has
failed from the same address before. If a wrong secret takes a slow hash, or if
``address_failure_limit`` is empty, it is a hard limit, above which credentials
are not checked. Addresses from which the client has not failed are never
blocked. If empty, guesses at the secret of one client are not limited.
"""),
)

address_failure_limit = cfg.StrOpt(
    'address_failure_limit',
    default='300/minute',
    help=_text("""
How many authentications from one address (IPv6: one /64 network) may fail in a
period, for all clients together. Further attempts get 429 and are not checked.
It also limits the guesses at one client: after as many failures from all
addresses, the client is blocked at each address with ``client_failure_limit``
failures. Only this second rule applies if others may share the address, since
``trusted_proxies`` is empty or a proxy does not report addresses. Raise the
limit if many clients share an address that looks like that of one client. If
empty, failures are not limited by address.
"""),
)

failure_limit_storage = cfg.StrOpt(
    'failure_limit_storage',
    default='memory://',
    secret=True,
    help=_text("""
Where failures are counted. ``memory://`` counts in each worker process
separately, which multiplies the limits by the number of workers.
``memcached://host:11211`` or ``redis://host:6379`` counts for all workers
(install the client library, for instance with ``pip install
'limits[redis]'``). If the storage is unavailable, attempts are not limited,
and a warning is logged.
"""),
)

statsd_host = cfg.HostAddressOpt(
    'statsd_host',
    help=_text("""
Host of a StatsD daemon that receives counters of events
(``keystone_oauth2.token.issued``, ``.refused``, ``.limited``, and the same for
``introspect`` and ``revoke``) and timers (``keystone_oauth2.token``, in
milliseconds) by UDP. Needs ``pip install keystone-oauth2[statsd]``. If not
set, nothing is sent.
"""),
)

statsd_port = cfg.PortOpt(
    'statsd_port',
    default=8125,
    help='UDP port of ``statsd_host``.',
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
IN_TREE_OPTS = [oauth2_authn_methods, oauth2_cert_dn_mapping_id]
ALL_OPTS = [
    client_certificate_sources,
    client_certificate_header,
    client_certificate_verify_header,
    client_certificate_ca_file,
    enforce_certificate_binding,
    trusted_proxies,
    issuer,
    mtls_endpoint,
    secret_digests,
    secret_digest_key_repository,
    client_assertion_max_lifetime,
    client_assertion_for_token_endpoint,
    client_authenticator_limit,
    client_authenticator_expiry_warning,
    client_failure_limit,
    address_failure_limit,
    failure_limit_storage,
    statsd_host,
    statsd_port,
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options that Keystone does not register itself.

    Keystone must have registered its own options before.
    """
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)
    conf.set_default(
        oauth2_authn_methods.name, oauth2_authn_methods.default, GROUP_NAME
    )


def list_opts() -> tuple[str, list[cfg.Opt]]:
    """Return the whole group."""
    return GROUP_NAME, IN_TREE_OPTS + ALL_OPTS
