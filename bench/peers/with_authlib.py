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

"""An authorization server with Authlib, as its documentation builds one.

https://docs.authlib.org/en/latest/flask/2/authorization-server.html has the
models and the endpoint. Its clients have plain secrets; the hashed ones are
compared as Flask's documentation compares passwords.
"""

import os
import sys
import typing as ty

from authlib.integrations import flask_oauth2
from authlib.integrations import sqla_oauth2
from authlib.oauth2.rfc6749 import grants
import flask
import flask_sqlalchemy
from werkzeug import security

from bench import peers

_IS_HASHED = os.environ['BENCH_PEER_SECRETS'] == 'hashed'

application = flask.Flask(__name__)
application.config['SQLALCHEMY_DATABASE_URI'] = os.environ[
    'BENCH_PEER_DATABASE'
]
_database = flask_sqlalchemy.SQLAlchemy(application)
_Model: ty.Any = _database.Model


class Client(_Model, sqla_oauth2.OAuth2ClientMixin):
    """A client."""

    id = _database.Column(_database.Integer, primary_key=True)
    # The column of Authlib is too short for a hash.
    client_secret = _database.Column(_database.String(255))

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether a secret is that of this client."""
        if _IS_HASHED:
            return security.check_password_hash(
                self.client_secret, client_secret
            )
        return super().check_client_secret(client_secret)


class Token(_Model, sqla_oauth2.OAuth2TokenMixin):
    """A token."""

    id = _database.Column(_database.Integer, primary_key=True)
    user_id = _database.Column(_database.Integer)


_server = flask_oauth2.AuthorizationServer(
    application,
    query_client=sqla_oauth2.create_query_client_func(
        _database.session, Client
    ),
    save_token=sqla_oauth2.create_save_token_func(_database.session, Token),
)
_server.register_grant(grants.ClientCredentialsGrant)


@application.route('/oauth/token', methods=['POST'])
def issue_token() -> flask.Response:
    """Return a token."""
    return _server.create_token_response()


def _create(count: int, secret: str) -> None:
    stored = security.generate_password_hash(secret) if _IS_HASHED else secret
    with application.app_context():
        _database.create_all()
        for client_id in peers.client_ids(count):
            client = Client(client_id=client_id, client_secret=stored)
            client.set_client_metadata(
                {
                    'grant_types': ['client_credentials'],
                    'scope': 'profile',
                    'token_endpoint_auth_method': 'client_secret_basic',
                }
            )
            _database.session.add(client)
        _database.session.commit()


if __name__ == '__main__':
    _create(int(sys.argv[1]), os.environ['BENCH_PEER_SECRET'])
