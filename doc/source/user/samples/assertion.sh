b64() { basenc --base64url -w0 | tr -d =; }

NOW=$(date +%s)
HEADER=$(printf '{"alg":"EdDSA"}' | b64)
CLAIMS=$(printf '{"iss":"%s","sub":"%s","aud":"%s","iat":%d,"exp":%d,"jti":"%s"}' \
    $CLIENT_ID $CLIENT_ID $ISSUER $NOW $((NOW + 60)) $(openssl rand -hex 16) | b64)
printf %s $HEADER.$CLAIMS > to-be-signed
SIGNATURE=$(openssl pkeyutl -sign -rawin -inkey ed25519.key -in to-be-signed | b64)

# On a command line, other users of the host could see the assertion.
printf %s $HEADER.$CLAIMS.$SIGNATURE |
    curl -d grant_type=client_credentials \
        -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
        --data-urlencode client_assertion@- \
        $ISSUER/OS-OAUTH2/token
