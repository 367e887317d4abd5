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

from oslo_config import cfg

from keystone_oauth2.conf import option_types
from keystone_oauth2.conf import text

OPAQUE, JWT = 'opaque', 'jwt'

format_ = cfg.StrOpt(
    'format',
    default=OPAQUE,
    choices=[
        (OPAQUE, 'Tokens of the provider in ``[token] provider``.'),
        (JWT, 'JWT access tokens (RFC 9068).'),
    ],
    help=text.unwrap("""
Format of the access tokens that clients get. A JWT access token is valid
wherever a token of Keystone is, and can also be verified with the public keys
alone. ``jwt`` needs ``[token] provider = oauth2_fernet`` or ``oauth2_jws`` on
every node, an issuer, and keys: run ``keystone-oauth2-manage
signing_key_setup``. A token that would be longer than ``max_size`` is opaque
nevertheless.
"""),
)

lifetime = cfg.IntOpt(
    'lifetime',
    default=900,
    min=1,
    help=text.unwrap("""
Lifetime of JWT access tokens in seconds, if it is shorter than ``[token]
expiration`` and the client does not expire before. Opaque tokens always have
the latter.
"""),
)

audience = cfg.Opt(
    'audience',
    type=option_types.HttpsURL('https://keystone.example.com/v3'),
    help=text.unwrap("""
Audience of JWT access tokens whose client asks for no ``resource`` (RFC 8707):
one for all services, since they pass tokens on to each other. If not set, it
is the issuer identifier.
"""),
)

max_size = cfg.IntOpt(
    'max_size',
    default=6144,
    min=1024,
    help=text.unwrap("""
Maximum size of a JWT access token in bytes. Above it, the client gets an
opaque token, and the log says so.
"""),
)

signing_key_repository = cfg.StrOpt(
    'signing_key_repository',
    default='/etc/keystone/oauth2-signing-keys/',
    help=text.unwrap("""
Directory with the private keys that sign JWT access tokens and introspection
responses, the same on every node. ``keystone-oauth2-manage signing_key_setup``
creates it.
"""),
)

signing_algorithm = cfg.StrOpt(
    'signing_algorithm',
    default='ES256',
    choices=['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256'],
    help=text.unwrap("""
Algorithm of the keys that ``keystone-oauth2-manage`` generates. Existing keys
keep theirs.
"""),
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
ALL_OPTS = [
    format_,
    lifetime,
    audience,
    max_size,
    signing_key_repository,
    signing_algorithm,
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of this group."""
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)


def list_opts() -> tuple[str, list[cfg.Opt]]:
    """Return the group and its options."""
    return GROUP_NAME, ALL_OPTS
