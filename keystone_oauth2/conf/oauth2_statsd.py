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

"""Group ``[oauth2_statsd]``: metrics of requests, keys and expiry."""

from oslo_config import cfg

from keystone_oauth2.conf import text

host = cfg.HostAddressOpt(
    'host',
    deprecated_name='statsd_host',
    deprecated_group='oauth2',
    help=text.unwrap("""
Host of a StatsD daemon that receives counters of events
(``keystone_oauth2.token.issued``, ``.refused``, ``.limited``, and the same for
``introspect`` and ``revoke``) and timers (``keystone_oauth2.token``, in
milliseconds) by UDP, and gauges that ``keystone-oauth2-manage list_expiring``
sends (``keystone_oauth2.expiring.secret`` and the like). Needs ``pip install
'keystone-oauth2[statsd]'``. If not set, nothing is sent.
"""),
)

port = cfg.PortOpt(
    'port',
    deprecated_name='statsd_port',
    deprecated_group='oauth2',
    default=8125,
    help='UDP port of ``host``.',
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
ALL_OPTS = [
    host,
    port,
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of this group."""
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)


def list_opts() -> tuple[str, list[cfg.Opt]]:
    """Return the group and its options."""
    return GROUP_NAME, ALL_OPTS
