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

"""Group ``[oauth2_assertions]``: JWTs that authenticate clients (RFC 7523)."""

from oslo_config import cfg

from keystone_oauth2.conf import text

max_lifetime = cfg.IntOpt(
    'max_lifetime',
    deprecated_name='client_assertion_max_lifetime',
    deprecated_group='oauth2',
    default=3600,
    min=10,
    max=86400,
    help=text.unwrap("""
Maximum time in seconds until a client assertion (``private_key_jwt``) expires.
Each is remembered until it expires, since it can be used only once. The
default accepts the default of keystonemiddleware's ``external_oauth2_token``;
most client libraries use one to five minutes.
"""),
)

for_token_endpoint = cfg.BoolOpt(
    'for_token_endpoint',
    deprecated_name='client_assertion_for_token_endpoint',
    deprecated_group='oauth2',
    default=False,
    help=text.unwrap("""
Also accept client assertions whose audience is the URL of the token endpoint
instead of the issuer. Older clients send it, such as services with
keystonemiddleware's ``external_oauth2_token`` if ``audience`` is set as in its
guide. Another server that a client trusts could use such an assertion here
(CVE-2025-27370): prefer to set ``audience`` to the issuer in the clients.
"""),
)

spiffe_draft = cfg.BoolOpt(
    'spiffe_draft',
    default=False,
    help=text.unwrap("""
*Draft*: allow ``spiffe_jwt`` in ``[oauth2] oauth2_authn_methods``, with which
workloads of a trusted SPIFFE trust domain authenticate with a JWT-SVID, as
draft-ietf-oauth-spiffe-client-auth-02 describes. A later release follows later
drafts, and may be incompatible with this one.
"""),
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
ALL_OPTS = [
    max_lifetime,
    for_token_endpoint,
    spiffe_draft,
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of this group."""
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)


def list_opts() -> tuple[str, list[cfg.Opt]]:
    """Return the group and its options."""
    return GROUP_NAME, ALL_OPTS
