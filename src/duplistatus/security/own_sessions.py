"""One's own sessions. In: a user, and which of their sessions shall end; out: how many did, with an entry in the audit log in the same
transaction. Nobody ends somebody else's here."""

from __future__ import annotations

from duplistatus.security.new_session import Visitor
from duplistatus.security.sign_in import Desk
from duplistatus.store import audit, sessions
from duplistatus.store.accounts import User
from duplistatus.store.audit import Entry
from duplistatus.store.database import Connection


async def end_own_session(desk: Desk, user: User, public_id: str, visitor: Visitor) -> bool:
    """Ends one of the user's sessions; False where the user has no such session."""

    def end(connection: Connection) -> bool:
        ended = sessions.end_own(connection, user.id, public_id)
        if ended:
            _note(connection, desk, user, visitor, 1)
        return ended

    return await desk.writer.write(end, changes=False)


async def end_other_sessions(desk: Desk, user: User, visitor: Visitor) -> int:
    """Ends the user's sessions but for the visitor's; how many there were."""
    kept = visitor.session.token_hash if visitor.session else ""

    def end(connection: Connection) -> int:
        ended = sessions.end_all_of(connection, user.id, but=kept)
        if ended:
            _note(connection, desk, user, visitor, ended)
        return ended

    return await desk.writer.write(end, changes=False)


def _note(connection: Connection, desk: Desk, user: User, visitor: Visitor, ended: int) -> None:
    entry = Entry(
        desk.clock.now(),
        "sessions_ended",
        "auth",
        user,
        details={"sessions": ended},
        address=visitor.address,
        user_agent=visitor.user_agent,
    )
    audit.record(connection, entry)
