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

"""Group ``[oauth2_limits]``: limits for failed client authentications."""

from oslo_config import cfg

from keystone_oauth2.conf import option_types
from keystone_oauth2.conf import text

client_failures = cfg.Opt(
    'client_failures',
    type=option_types.RateType(),
    deprecated_name='client_failure_limit',
    deprecated_group='oauth2',
    default='30/minute',
    help=text.unwrap("""
How many authentications of one client may fail in a period, such as
``30/minute`` or ``100/hour``. Above the limit, a right secret is still
accepted, and a wrong one gets 429 with ``Retry-After`` if the client has
failed from the same address before. If a wrong secret takes a slow hash, or if
``address_failures`` is empty, it is a hard limit, above which credentials
are not checked. Addresses from which the client has not failed are never
blocked. If empty, guesses at the secret of one client are not limited.
"""),
)

address_failures = cfg.Opt(
    'address_failures',
    type=option_types.RateType(),
    deprecated_name='address_failure_limit',
    deprecated_group='oauth2',
    default='300/minute',
    help=text.unwrap("""
How many authentications from one address (IPv6: one /64 network) may fail in a
period, for all clients together. Further attempts get 429 and are not checked.
It also limits the guesses at one client: after as many failures from all
addresses, the client is blocked at each address with ``client_failures``
failures. Only this second rule applies if others may share the address, since
``[oauth2] trusted_proxies`` is empty or a proxy does not report addresses.
Raise the limit if many clients share an address that looks like that of one
client. If empty, failures are not limited by address.
"""),
)

storage = cfg.Opt(
    'storage',
    type=option_types.StorageURL(),
    deprecated_name='failure_limit_storage',
    deprecated_group='oauth2',
    default='memory://',
    secret=True,
    help=text.unwrap("""
Where failures are counted. ``memory://`` counts in each worker process
separately, which multiplies the limits by the number of workers.
``memcached://host:11211`` or ``redis://host:6379`` counts for all workers
(install the client library, for instance with ``pip install
'limits[redis]'``). If the storage is unavailable, attempts are not limited,
and a warning is logged.
"""),
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
ALL_OPTS = [
    client_failures,
    address_failures,
    storage,
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of this group."""
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)


def list_opts() -> tuple[str, list[cfg.Opt]]:
    """Return the group and its options."""
    return GROUP_NAME, ALL_OPTS
