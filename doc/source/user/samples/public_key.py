"""Print a public key as a JWK: public_key.py FILE.pub"""

import sys

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm

with open(sys.argv[1], 'rb') as file:
    print(ECAlgorithm.to_jwk(load_pem_public_key(file.read())))
