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

"""Why there is no access token."""

import collections.abc as abc
import typing as ty

from keystoneauth1 import exceptions

T = ty.TypeVar('T')


class AccessTokenError(
    exceptions.AuthorizationFailure, exceptions.ConnectFailure
):
    """There is no access token, or nothing is known of it.

    The message has what the server said, or the option that is wrong, and
    never a credential. It is no ``HttpError``: keystonemiddleware would take
    a 404 for one about the token of a user. It is a ``ConnectFailure``, for
    which services respond with 503.

    :ivar http_status: of the response; None if there was none.
    :ivar retry_after: seconds that the server asks to wait; 0 for none.
    :ivar is_refusal: whether Keystone does not accept the token.
    """

    def __init__(
        self,
        message: str,
        http_status: int | None = None,
        retry_after: float = 0,
        *,
        is_refusal: bool = False,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.retry_after = retry_after
        self.is_refusal = is_refusal

    def copy(self, addition: str = '') -> 'AccessTokenError':
        """Return the same error without traceback and context.

        An exception must not be raised in several threads, and what it drags
        along has the request, with the secret.

        :param addition: to the message.
        """
        return AccessTokenError(
            f'{self}{addition}',
            self.http_status,
            self.retry_after,
            is_refusal=self.is_refusal,
        )


def call(function: abc.Callable[[], T]) -> T:
    """Return what a function returns.

    :raises AccessTokenError: it raises this one, or any other exception. What
        is raised drags nothing along.
    """
    try:
        return function()
    except AccessTokenError as error:
        failure = error.copy()
    except Exception as error:  # noqa: BLE001
        failure = AccessTokenError(
            f'There is no access token: {type(error).__name__}'
        )
    # Outside: otherwise, the exception would be its context.
    raise failure
