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

from keystone_oauth2.conf import option_types
from keystone_oauth2.conf import text

#: Keystone registers these two itself. They are here for the sample, and
#: because the default of the first one replaces Keystone's.
oauth2_authn_methods = cfg.ListOpt(
    'oauth2_authn_methods',
    default=['tls_client_auth', 'client_secret_basic', 'client_secret_post'],
    help=text.unwrap("""
Client authentication methods that the OAuth 2.0 endpoints accept: any of
``client_secret_basic`` (id and secret of an application credential by HTTP
Basic), ``client_secret_post`` (the same in the body), ``private_key_jwt`` (a
JWT that the client has signed with a registered key; needs ``issuer``),
``federated_jwt`` (a JWT about a federated identity of the client, signed by an
issuer that ``keystone-oauth2-manage trusted_issuer_create`` has registered,
such as a Kubernetes cluster or GitHub; needs ``issuer``), ``spiffe_jwt`` (the
same for SPIFFE; a draft, which needs ``[oauth2_assertions] spiffe_draft``),
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
    help=text.unwrap("""
Id of the federation mapping that maps client certificates to users. Used by
``tls_client_auth`` only. The mapping must yield a user id, or a user name with
a domain; each property that it yields must match the user.
"""),
)

trusted_proxies = cfg.ListOpt(
    'trusted_proxies',
    item_type=option_types.Network(),
    default=[],
    help=text.unwrap("""
Addresses or networks (``192.0.2.7``, ``2001:db8::/64``) of the proxies whose
header fields about client certificates are trusted. A proxy is recognized by
the address of its TCP connection, never by ``X-Forwarded-For``. When empty,
such header fields are ignored. Failed authentications are also counted by the
address that these proxies report: each of them must add the address of its
client to ``X-Forwarded-For``, or remove the field. When empty,
``[oauth2_limits] address_failures`` blocks no address, and a warning is logged
at start-up. If there is no proxy, set it to ``127.0.0.1``.
"""),
)

issuer = cfg.Opt(
    'issuer',
    type=option_types.HttpsURL('https://keystone.example.com/v3'),
    help=text.unwrap("""
Issuer identifier of this authorization server (RFC 8414): an https URL without
query, fragment or trailing slash, the same on every node. Clients are
configured with it, and derive the URL of the metadata from it. If not set, it
is ``[DEFAULT] public_endpoint`` followed by ``/v3``, if that is an https URL.
Without an issuer there is no metadata, and introspection omits ``iss``.
"""),
)

mtls_endpoint = cfg.Opt(
    'mtls_endpoint',
    type=option_types.HttpsURL(
        'https://mtls.example.com/v3', ignore_trailing_slash=True
    ),
    help=text.unwrap("""
Base URL of Keystone, up to ``/v3``, at which the front end requests client
certificates, if its host or port differs from the public endpoint:
``https://mtls.example.com/identity/v3``. The metadata then has
``mtls_endpoint_aliases`` (RFC 8705, 5).
"""),
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
IN_TREE_OPTS = [oauth2_authn_methods, oauth2_cert_dn_mapping_id]
ALL_OPTS = [
    trusted_proxies,
    issuer,
    mtls_endpoint,
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
