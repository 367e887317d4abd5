// The same with oauth4webapi: node assertion.mjs ISSUER CLIENT_ID FILE.key

import { readFileSync } from 'node:fs'
import * as oauth from 'oauth4webapi'

const [issuer, client_id, path] = process.argv.slice(2)
const pem = readFileSync(path, 'utf8').replace(/-----[^-]+-----|\s/g, '')
const key = await crypto.subtle.importKey(
  'pkcs8',
  Buffer.from(pem, 'base64'),
  { name: 'ECDSA', namedCurve: 'P-256' },
  false,
  ['sign'],
)
const url = new URL(issuer)
const server = await oauth.processDiscoveryResponse(
  url,
  await oauth.discoveryRequest(url, { algorithm: 'oauth2' }),
)
const client = { client_id }
const token = await oauth.processClientCredentialsResponse(
  server,
  client,
  await oauth.clientCredentialsGrantRequest(
    server,
    client,
    oauth.PrivateKeyJwt(key),
    {},
  ),
)
console.log(token.access_token)
