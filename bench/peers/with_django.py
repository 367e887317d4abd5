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

"""An authorization server with django-oauth-toolkit.

It has what the tokens need: neither sessions, nor the admin site.
"""

import os
import secrets
import sys

import django
from django import conf
from django import urls
from django.core import management
from django.core import wsgi
import sqlalchemy as sa

from bench import peers

_ENGINES = {
    'sqlite': 'django.db.backends.sqlite3',
    'postgresql': 'django.db.backends.postgresql',
    'mysql': 'django.db.backends.mysql',
}
_IS_HASHED = os.environ['BENCH_PEER_SECRETS'] == 'hashed'


def _database() -> dict[str, object]:
    url = sa.make_url(os.environ['BENCH_PEER_DATABASE'])
    engine = url.get_backend_name()
    if engine == 'mysql':
        # The driver of the others, in place of mysqlclient.
        import pymysql

        pymysql.install_as_MySQLdb()
    return {
        'ENGINE': _ENGINES[engine],
        'NAME': url.database,
        'USER': url.username or '',
        'PASSWORD': url.password or '',
        'HOST': url.host or '',
        'PORT': url.port or '',
        # Keep the connection.
        'CONN_MAX_AGE': None,
    }


conf.settings.configure(
    DEBUG=False,
    SECRET_KEY=secrets.token_urlsafe(48),
    ALLOWED_HOSTS=['localhost'],
    DATABASES={'default': _database()},
    DEFAULT_AUTO_FIELD='django.db.models.BigAutoField',
    INSTALLED_APPS=[
        'django.contrib.auth',
        'django.contrib.contenttypes',
        'oauth2_provider',
    ],
    MIDDLEWARE=[
        'django.middleware.security.SecurityMiddleware',
        'django.middleware.common.CommonMiddleware',
    ],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
)
django.setup()
urlpatterns = [
    urls.path('o/', urls.include('oauth2_provider.urls')),
]
application = wsgi.get_wsgi_application()


def _create(count: int, secret: str) -> None:
    from oauth2_provider import models

    management.call_command('migrate', verbosity=0)
    # Saving it hashes the secret; the others have the same hash.
    stored = secret
    for client_id in peers.client_ids(count):
        client = models.Application(
            client_id=client_id,
            client_secret=stored,
            hash_client_secret=_IS_HASHED,
            client_type=models.Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=(
                models.Application.GRANT_CLIENT_CREDENTIALS
            ),
        )
        client.save()
        stored = client.client_secret


if __name__ == '__main__':
    _create(int(sys.argv[1]), os.environ['BENCH_PEER_SECRET'])
