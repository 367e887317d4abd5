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

"""Group ``[oauth2]``: two options of Keystone, the others ours."""

from oslo_config import cfg
from oslo_config import types


def _text(lines: str) -> str:
    # The generator of samples keeps line ends and breaks lines again.
    return ' '.join(lines.split())


#: Keystone registers these two itself; they are here for the sample, and for
#: the default of the first, which takes the place of Keystone's.
oauth2_authn_methods = cfg.ListOpt(
    'oauth2_authn_methods',
    default=['tls_client_auth', 'client_secret_basic', 'client_secret_post'],
    help=_text("""
Client authentication methods that the OAuth 2.0 endpoints accept: any of
``client_secret_basic`` (id and secret of an application credential by HTTP
Basic), ``client_secret_post`` (the same in the body), ``private_key_jwt`` (a
JWT that the client has signed with a key registered for it; needs ``issuer``),
``tls_client_auth`` (a client certificate whose subject is registered for the
client, or that maps to a user) and ``self_signed_tls_client_auth`` (a client
certificate that is registered itself). Exactly the methods of the list are
enabled: with ``client_secret_basic`` but without ``client_secret_post``,
clients that send their secret in the body are refused, which Keystone's own
module accepts. What is registered for a client may leave fewer to it. A name
that is not installed stops Keystone at start-up.
"""),
)

oauth2_cert_dn_mapping_id = cfg.StrOpt(
    'oauth2_cert_dn_mapping_id',
    default='oauth2_mapping',
    help=_text("""
Id of the federation mapping that says which user a client certificate stands
for. Used by ``tls_client_auth`` only. The mapping must yield a user id, or a
user name with a domain; each property that it yields must equal the user's.
"""),
)

client_certificate_sources = cfg.ListOpt(
    'client_certificate_sources',
    default=['environ'],
    item_type=types.String(choices=['environ', 'escaped_pem', 'rfc9440']),
    help=_text("""
Where the TLS front end puts the client certificate; looked at in the order
given, and the first that has one counts. ``environ``: ``SSL_CLIENT_CERT`` in
the WSGI environment (Apache mod_ssl, nginx by ``uwsgi_param``, cheroot).
``escaped_pem``: a header field with URL-escaped PEM (nginx
``$ssl_client_escaped_cert``). ``rfc9440``: the header field ``Client-Cert`` of
RFC 9440 (HAProxy, Envoy). The last two count only in requests from
``trusted_proxies``. Name just what your front end sets, since it removes from
clients' requests only what it sets.
"""),
)

client_certificate_header = cfg.StrOpt(
    'client_certificate_header',
    default='X-SSL-Client-Cert',
    help=_text("""
Header field that carries the certificate for the source ``escaped_pem``. The
proxy must set or remove it in every request.
"""),
)

client_certificate_verify_header = cfg.StrOpt(
    'client_certificate_verify_header',
    default='X-SSL-Client-Verify',
    help=_text("""
Header field with the proxy's verdict on the certificate, for the sources
``escaped_pem`` and ``rfc9440``: anything but ``SUCCESS`` is refused, unless
the certificate is self-signed and registered for the client. The proxy must
set it in every request, to ``NONE`` where there is no certificate, and must
drop header fields with an underscore in their name, which WSGI servers take
for those with a hyphen. With the source ``environ`` the verdict is
``SSL_CLIENT_VERIFY``.
"""),
)

client_certificate_ca_file = cfg.StrOpt(
    'client_certificate_ca_file',
    help=_text("""
PEM file with the CA certificates that issue client certificates. Each client
certificate is then verified here, besides what the front end says of it;
needed where the front end passes certificates on without a verdict. Name only
the CAs meant for clients, not the system's store. Read at start-up. When not
set, a certificate without a verdict is refused. A self-signed certificate
without a verdict is refused in any case.
"""),
)

enforce_certificate_binding = cfg.BoolOpt(
    'enforce_certificate_binding',
    default=True,
    help=_text("""
Refuse a certificate-bound token at Keystone's own API, unless the connection
has the certificate that it is bound to. This concerns ``X-Auth-Token``,
``X-Service-Token``, and tokens in a body that are to be exchanged. When
disabled, a stolen bound token can be used there. Services are not concerned:
their own filter checks.
"""),
)

trusted_proxies = cfg.ListOpt(
    'trusted_proxies',
    default=[],
    help=_text("""
Addresses or networks (``192.0.2.7``, ``2001:db8::/64``) of the proxies whose
header fields about client certificates are believed. The address is that of
the TCP connection, whatever ``X-Forwarded-For`` says. When empty, such header
fields are ignored. They also say whose failures are counted: each proxy named
here must add the address of its client to ``X-Forwarded-For``, or remove the
field. When empty, ``address_failure_limit`` stops no address, and start-up
logs a warning. Where there is no proxy, set it to ``127.0.0.1``.
"""),
)

issuer = cfg.StrOpt(
    'issuer',
    help=_text("""
Issuer identifier of this authorization server (RFC 8414): an https URL without
query, fragment or slash at its end, the same on every node. It is what clients
are configured with, and what their metadata request is derived from. When not
set, it is ``[DEFAULT] public_endpoint`` followed by ``/v3``, if that is an
https URL; without it there is no metadata, and introspection leaves ``iss``
out.
"""),
)

mtls_endpoint = cfg.StrOpt(
    'mtls_endpoint',
    help=_text("""
Base URL of Keystone, up to ``/v3``, where the front end asks for client
certificates, if that is another host or port than the public endpoint:
``https://mtls.example.com/identity/v3``. The metadata then has
``mtls_endpoint_aliases`` (RFC 8705, 5).
"""),
)

secret_digests = cfg.BoolOpt(
    'secret_digests',
    default=True,
    help=_text("""
Check the secret of an application credential with Keystone's slow hash only
the first time, and from then on with a digest under a key that is not in the
database. Needs ``keystone-oauth2-manage db_sync`` and a key repository. When
off, or where one of them is missing, each request pays the slow hash.
"""),
)

secret_digest_key_repository = cfg.StrOpt(
    'secret_digest_key_repository',
    help=_text("""
Directory with the keys that digests of secrets are made with, in the layout of
``keystone-manage credential_setup``, the same on every node. When not set, it
is ``[credential] key_repository``. A secret whose digest was made with a key
that is no longer there pays the slow hash once more.
"""),
)

client_assertion_max_lifetime = cfg.IntOpt(
    'client_assertion_max_lifetime',
    default=3600,
    min=10,
    max=86400,
    help=_text("""
Seconds from now after which no client assertion (``private_key_jwt``) may end.
Each is remembered until its end, since it may be used once only. The default
takes what keystonemiddleware's ``external_oauth2_token`` sends by default;
most client libraries send a minute or five.
"""),
)

client_assertion_for_token_endpoint = cfg.BoolOpt(
    'client_assertion_for_token_endpoint',
    default=False,
    help=_text("""
Also take client assertions whose audience is the URL of the token endpoint
instead of the issuer. Older clients send it, such as services with
keystonemiddleware's ``external_oauth2_token`` whose option ``audience`` is set
as its guide says. Another server that a client trusts could use such an
assertion here (CVE-2025-27370): better set their ``audience`` to the issuer.
"""),
)

client_authenticator_limit = cfg.IntOpt(
    'client_authenticator_limit',
    default=10,
    min=1,
    max=100,
    help=_text("""
How many secrets, how many keys and how many certificates can be registered for
a client at a time. Those that have expired make room for new ones.
"""),
)

client_authenticator_expiry_warning = cfg.IntOpt(
    'client_authenticator_expiry_warning',
    default=1209600,
    min=0,
    help=_text("""
Seconds before the end of a registered secret, key or certificate from which on
it is said to expire soon: in what the API shows, and by
``keystone-oauth2-manage list_expiring``. The default is 14 days.
"""),
)

client_failure_limit = cfg.StrOpt(
    'client_failure_limit',
    default='30/minute',
    help=_text("""
How many authentications of one client may fail in a time, such as
``30/minute`` or ``100/hour``. Past it, a right secret is still accepted, and a
wrong one gets 429 with ``Retry-After`` if the client has failed from the same
address before. It is a hard limit, past which nothing is looked at, where a
wrong secret costs a slow hash, and where ``address_failure_limit`` is empty;
other addresses than those from which the client has failed are not stopped.
Empty: guesses at the secret of one client are not limited.
"""),
)

address_failure_limit = cfg.StrOpt(
    'address_failure_limit',
    default='300/minute',
    help=_text("""
How many authentications from one address (IPv6: one /64 network) may fail in
a time, whatever the client; further attempts get 429 and are not looked at. It
bounds the guesses at one client as well: after so many from all addresses, the
client is stopped at each address with ``client_failure_limit`` of them. That
alone counts where others may share the address, since ``trusted_proxies`` is
empty or a proxy tells no address. Raise it where many clients share an address
that looks like one client's. Empty: no limit of addresses.
"""),
)

failure_limit_storage = cfg.StrOpt(
    'failure_limit_storage',
    default='memory://',
    secret=True,
    help=_text("""
Where failures are counted: ``memory://`` counts for each worker process by
itself, so the limits are as many times as high as there are workers;
``memcached://host:11211`` or ``redis://host:6379`` counts for all
(install the client library, for instance with
``pip install 'limits[redis]'``). When the storage cannot be reached, attempts
pass, with a warning in the log.
"""),
)

statsd_host = cfg.HostAddressOpt(
    'statsd_host',
    help=_text("""
Host of a StatsD daemon that receives counters of what happens
(``keystone_oauth2.token.issued``, ``.refused``, ``.limited``, and the same for
``introspect`` and ``revoke``) and timers (``keystone_oauth2.token``, in
milliseconds), by UDP. Needs ``pip install keystone-oauth2[statsd]``. When not
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
    """Register what Keystone does not register itself.

    Keystone must have registered its own options before.
    """
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)
    conf.set_default(
        oauth2_authn_methods.name, oauth2_authn_methods.default, GROUP_NAME
    )


def list_opts() -> tuple[str, list[cfg.Opt]]:
    """Return the whole group."""
    return GROUP_NAME, IN_TREE_OPTS + ALL_OPTS
