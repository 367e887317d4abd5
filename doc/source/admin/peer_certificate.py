"""WSGI middleware: oauth2_mtls_token behind a server without get_socket()."""

import ssl


class PeerCertificate:
    """Offers SSL_CLIENT_CERT where oauth2_mtls_token looks for it."""

    def __init__(self, application):
        self._application = application

    def __call__(self, environ, start_response):
        certificate = None
        if environ.get('SSL_CLIENT_VERIFY') == 'SUCCESS':
            pem = environ.get('SSL_CLIENT_CERT', '').strip()
            certificate = ssl.PEM_cert_to_DER_cert(pem) if pem else None
        environ['wsgi.input'] = _Input(environ['wsgi.input'], certificate)
        return self._application(environ, start_response)


class _Input:
    def __init__(self, stream, certificate):
        self._stream = stream
        self._certificate = certificate

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def __iter__(self):
        return iter(self._stream)

    def get_socket(self):
        return self

    def getpeercert(self, binary_form):
        return self._certificate


def filter_factory(global_conf, **local_conf):
    return PeerCertificate
