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

"""Group ``[oauth2_secrets]``: checking secrets of application credentials."""

from oslo_config import cfg

from keystone_oauth2.conf import text

digests = cfg.BoolOpt(
    'digests',
    deprecated_name='secret_digests',
    deprecated_group='oauth2',
    default=True,
    help=text.unwrap("""
Check the secret of an application credential with Keystone's slow hash only
the first time, and then with a digest under a key that is not in the database.
Needs a key repository. When disabled, or without usable keys, each request
takes a slow hash.
"""),
)

digest_key_repository = cfg.StrOpt(
    'digest_key_repository',
    deprecated_name='secret_digest_key_repository',
    deprecated_group='oauth2',
    help=text.unwrap("""
Directory with the keys for digests of secrets, in the layout of
``keystone-manage credential_setup``, the same on every node. If not set, it is
``[credential] key_repository``. After a key has been removed, each secret with
a digest under this key takes the slow hash once more.
"""),
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
ALL_OPTS = [
    digests,
    digest_key_repository,
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of this group."""
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)


def list_opts() -> tuple[str, list[cfg.Opt]]:
    """Return the group and its options."""
    return GROUP_NAME, ALL_OPTS
