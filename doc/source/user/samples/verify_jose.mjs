// Verify JWT access tokens with jose.

import { createRemoteJWKSet, jwtVerify } from 'jose'

const algorithms = ['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256']
const requiredClaims = ['client_id', 'exp', 'iat', 'jti', 'sub']

export async function verifier(issuer, audience) {
  const { origin, pathname } = new URL(issuer)
  const answer = await fetch(
    `${origin}/.well-known/oauth-authorization-server${pathname}`,
  )
  const metadata = await answer.json()
  if (metadata.issuer !== issuer) {
    throw new Error(`the metadata is that of ${metadata.issuer}`)
  }
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), {
    // As the server asks; the default is ten minutes.
    cacheMaxAge: 300_000,
  })
  const options = {
    issuer,
    audience,
    typ: 'at+jwt',
    algorithms,
    requiredClaims,
  }

  // Returns the claims of a valid token, or throws.
  return async (token) => (await jwtVerify(token, keys, options)).payload
}
