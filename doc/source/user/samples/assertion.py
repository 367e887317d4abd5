"""Get an access token with a key: assertion.py ISSUER CLIENT_ID FILE.key"""

import sys
import time
import uuid

import jwt
import requests

issuer, client_id, path = sys.argv[1:]
with open(path) as file:
    key = file.read()
now = int(time.time())
claims = {
    'iss': client_id,
    'sub': client_id,
    'aud': issuer,
    'iat': now,
    'exp': now + 60,
    'jti': uuid.uuid4().hex,
}
answer = requests.post(
    f'{issuer}/OS-OAUTH2/token',
    data={
        'grant_type': 'client_credentials',
        'client_assertion_type': (
            'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
        ),
        'client_assertion': jwt.encode(claims, key, algorithm='ES256'),
    },
    timeout=30,
)
answer.raise_for_status()
print(answer.json()['access_token'])
