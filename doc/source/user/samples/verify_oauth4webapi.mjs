// Verify JWT access tokens with oauth4webapi.

import * as oauth from 'oauth4webapi'

export async function verifier(issuer, audience) {
  const url = new URL(issuer)
  const server = await oauth.processDiscoveryResponse(
    url,
    await oauth.discoveryRequest(url, { algorithm: 'oauth2' }),
  )

  // Returns the claims of the token in a Request, or throws. The library
  // remembers the keys for five minutes.
  return (request) => oauth.validateJwtAccessToken(server, request, audience)
}
