"""Print the notifications: audit_listener.py rabbit://USER@HOST/"""

import json
import sys

from oslo_config import cfg
import oslo_messaging


class Endpoint:
    """Print each notification."""

    filter_rule = oslo_messaging.NotificationFilter(
        event_type=r'^identity\.oauth2_'
    )

    def info(self, context, publisher_id, event_type, payload, metadata):
        print(event_type, json.dumps(payload, indent=4), flush=True)


transport = oslo_messaging.get_notification_transport(
    cfg.ConfigOpts(), url=sys.argv[1]
)
listener = oslo_messaging.get_notification_listener(
    transport,
    [oslo_messaging.Target(topic='notifications', exchange='keystone')],
    [Endpoint()],
    executor='threading',
)
listener.start()
listener.wait()
