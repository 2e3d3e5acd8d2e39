"""The shapes of requests and answers about signing in, sessions and users, for the OpenAPI document alone. Names of fields that 1.4.2 had
are as they were there."""

# ruff: noqa: N815 - the names of the fields are the API's

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from duplistatus.web.api.schemas import Failure, Shape


class Token(Shape):
    token: str = Field(description="For the header `X-CSRF-Token`")
    message: str


class BegunSession(Shape):
    sessionId: str = Field(description="Its public id, not the value of the cookie")
    message: str


class SessionValidity(Shape):
    valid: bool
    sessionId: str | None = None
    error: str | None = None


class Credentials(Shape):
    username: str
    password: str


class SignedInUser(Shape):
    id: str
    username: str
    isAdmin: bool
    mustChangePassword: bool


class SignedIn(Shape):
    success: bool
    message: str
    successCode: str = Field(description="`LOGGED_IN`")
    user: SignedInUser


class SignInFailure(Failure):
    errorCode: str | None = Field(
        default=None,
        description="Absent where the session or its token is missing; `REQUIRED_CREDENTIALS`, `INVALID_CREDENTIALS`, "
        "`ACCOUNT_LOCKED`, `ADDRESS_BLOCKED`, `RATE_LIMITED`; of a new password `NEW_PASSWORD_REQUIRED`, `NEW_PASSWORD_SAME_AS_CURRENT`, "
        "`POLICY_NOT_MET`, `CURRENT_PASSWORD_REQUIRED`, `CURRENT_PASSWORD_INCORRECT`",
    )
    lockedUntil: datetime | None = Field(default=None, description="With `ACCOUNT_LOCKED`")
    minutesRemaining: int | None = Field(default=None, description="With `ACCOUNT_LOCKED`")
    validationErrors: list[str] | None = Field(default=None, description="With `POLICY_NOT_MET`: what is wrong, as sentences")


class SignInDone(Shape):
    success: bool
    message: str
    successCode: str | None = Field(default=None, description="`LOGGED_OUT` or `PASSWORD_CHANGED`")


class WhoAmI(Shape):
    authenticated: bool
    user: SignedInUser | None


class NewPassword(Shape):
    currentPassword: str | None = Field(default=None, description="Not needed while the change is forced")
    newPassword: str


class PasswordPolicy(Shape):
    minLength: int
    requireUppercase: bool
    requireLowercase: bool
    requireNumbers: bool
    requireSpecialChars: bool


class MustChangePassword(Shape):
    mustChangePassword: bool


class OwnSession(Shape):
    id: str
    current: bool = Field(description="The one that asks")
    device: str = Field(description="Program and system in words, as far as they say")
    user_agent: str
    address: str = Field(description="From which it was begun")
    created_at: datetime
    last_seen_at: datetime = Field(description="To the minute")
    expires_at: datetime = Field(description="At the latest; sooner when it is not used for 12 hours")


class OwnSessionList(Shape):
    items: list[OwnSession]
    next_cursor: None


class SessionsEnded(Shape):
    ended: int


class User(Shape):
    id: str
    username: str
    isAdmin: bool
    mustChangePassword: bool
    isLimited: bool = Field(description="Sees the servers of `serverIds` alone; never true of an administrator")
    serverIds: list[str] = Field(description="Ids of the servers that a limited user sees")


class UserStored(Shape):
    user: User
    temporaryPassword: str | None = Field(default=None, description="Told once: the user must change it")


class ListedUser(User):
    createdAt: datetime
    updatedAt: datetime
    lastLoginAt: datetime | None
    lastLoginIp: str | None
    failedLoginAttempts: int = Field(description="Since the last right password")
    lockedUntil: datetime | None
    isLocked: bool = Field(description="For browsers from which the user has not signed in before")
    sessions: int = Field(description="In which the user is signed in")


class Pagination(Shape):
    page: int
    limit: int
    total: int
    totalPages: int


class UserList(Shape):
    users: list[ListedUser]
    pagination: Pagination


class NewUser(Shape):
    username: str = Field(min_length=3, max_length=50, description="Upper and lower case are the same; it must not begin with `key:`")
    password: str | None = Field(default=None, description="Without it a temporary one is made and told once")
    isAdmin: bool = False
    requirePasswordChange: bool = True
    isLimited: bool = Field(default=False, description="Not of an administrator, who sees everything")
    serverIds: list[str] = Field(default=[], description="Of a limited user")


class UserChange(Shape):
    username: str | None = Field(default=None, min_length=3, max_length=50)
    isAdmin: bool | None = Field(default=None, description="True ends a limitation")
    requirePasswordChange: bool | None = None
    resetPassword: bool | None = Field(default=None, description="Makes a temporary password, ends all sessions and any lock")
    isLimited: bool | None = None
    serverIds: list[str] | None = Field(default=None, description="Exactly these from now on")


class UserRemoved(Shape):
    success: bool
    message: str


class UserFailure(Failure):
    validationErrors: list[str] | None = Field(default=None, description="Of a password that does not meet the policy")
