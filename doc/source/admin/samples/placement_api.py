"""Placement with the filter of keystone-oauth2, for wsgi-file of uWSGI."""

import keystonemiddleware

from keystone_oauth2.middleware import auth_token

# Before Placement is imported, which derives its filter from a class in it.
keystonemiddleware.auth_token = auth_token

from placement.wsgi import api  # noqa: E402

application = api.application
