"""Moto's server with bounded memory, for a system that runs for days.

Moto is made for tests: it keeps every mail, every iterator of a stream (each
poll makes one) and, for its own page, every object of its models for ever, and
GET /moto-api/data.json writes all of them. This program keeps the last of each:
JARI_MAIL_KEEP mails, and fewer of all others. A mail is also written to a file
in JARI_MAIL_DIR, before it is acknowledged; the mailbox reads these. GetAccount of
SES's version 2, which moto does not have, says that JARI_MAIL_RATE mails a second
may be sent; nothing enforces that.

JARI_FAULT_FILE names the file of the injected faults (infra/local/fault): an object
with members such as "ses-refuses/us-east-1": {"percent": 100, "until": 1790000000}.

Moto looks at a write's condition and then writes, each request in a thread of its own,
so that two writes could both find their condition fulfilled. DynamoDB never does that.
Here one write is carried out after the other.

Records of a DynamoDB stream stay: only changes of restaurants create them.
"""

import collections
import json
import os
import random
import threading
import time

from moto.core.common_models import BaseModel
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodbstreams.models import DynamoDBStreamsBackend
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.server import main
from moto.ses.models import SESBackend
from moto.sesv2 import urls
from moto.sesv2.responses import SESV2Response

MAILS = int(os.environ["JARI_MAIL_KEEP"])
OTHERS = 100  # objects of each other model; of the iterators a poller uses the last one only

lock = threading.Lock()
writing = threading.RLock()  # a transaction calls the methods of its parts


def new(cls, *args, **kwargs):
    """BaseModel.__new__, which tracks the last objects only."""
    instance = super(BaseModel, cls).__new__(cls)
    with lock:
        cls.instances_tracked.append(instance)
        del cls.instances_tracked[: -(MAILS if cls.__module__ == "moto.ses.models" else OTHERS)]
    return instance


class Latest(dict):
    """A dict of the last entries that were added."""

    def __setitem__(self, key, value):
        with lock:
            super().__setitem__(key, value)
            while len(self) > OTHERS:
                super().__delitem__(next(iter(self)))


class Mails(list):
    """The last messages of a backend, in memory and in files."""

    folder = os.environ["JARI_MAIL_DIR"]
    files = collections.deque(sorted(name for name in os.listdir(folder) if name.endswith(".json")))

    def append(self, message):
        fields = {name: value for name, value in vars(message).items() if isinstance(value, (str, list, dict))}
        with lock:
            # In the order of acceptance, over restarts too; the mailbox sorts by name.
            name = f"{time.time_ns():020d}-{message.id}.json"
            path = os.path.join(self.folder, name)
            with open(path + ".new", "w", encoding="utf-8") as file:
                json.dump(fields, file)
            os.replace(path + ".new", path)
            self.files.append(name)
            while len(self.files) > MAILS:
                os.unlink(os.path.join(self.folder, self.files.popleft()))
            super().append(message)
            del self[:-MAILS]


def replacing(init, **attributes):
    """An __init__ that then sets attributes, each to a new object of the class given."""

    def wrapped(self, *args, **kwargs):
        init(self, *args, **kwargs)
        for name, kind in attributes.items():
            setattr(self, name, kind())

    return wrapped


def one_at_a_time(method):
    """A method that no two threads execute together, whatever the object."""

    def wrapped(self, *args, **kwargs):
        with writing:
            return method(self, *args, **kwargs)

    return wrapped


def get_account(self):
    sent = self.sesv2_backend.core_backend.sent_message_count
    quota = {"Max24HourSend": 50000, "MaxSendRate": float(os.environ["JARI_MAIL_RATE"]), "SentLast24Hours": sent}
    return json.dumps({"SendQuota": quota, "SendingEnabled": True, "ProductionAccessEnabled": True})


def is_on(fault, region):
    """Whether the injected fault affects this request."""
    try:
        with open(os.environ["JARI_FAULT_FILE"], encoding="utf-8") as file:
            entry = json.load(file).get(fault + "/" + region)
    except FileNotFoundError:
        return False
    return entry is not None and time.time() < entry["until"] and random.random() * 100 < entry["percent"]


def refusing(method, *faults):
    """A method of a response class that refuses requests while one of faults is on."""

    def wrapped(self):
        for fault, status, error, message in faults:
            if is_on(fault, self.region):
                body = json.dumps({"__type": error, "message": message})
                return status, {"status": status, "x-amzn-ErrorType": error, "Content-Type": "application/json"}, body
        return method(self)

    return wrapped


SESV2Response.get_account = get_account
SESV2Response.send_email = refusing(
    SESV2Response.send_email,
    ("ses-refuses", 400, "AccountSuspendedException", "Your account is suspended: too many complaints."),
    ("ses-throttles", 429, "TooManyRequestsException", "Maximum sending rate exceeded."),
)
DynamoDBStreamsHandler.get_records = refusing(
    DynamoDBStreamsHandler.get_records, ("stream-stuck", 500, "InternalServerError", "Internal server error.")
)
for name in ("put_item", "update_item", "delete_item", "transact_write_items"):
    setattr(DynamoDBBackend, name, one_at_a_time(getattr(DynamoDBBackend, name)))
urls.url_paths["{0}/v2/email/account$"] = SESV2Response.dispatch
BaseModel.__new__ = staticmethod(new)
SESBackend.__init__ = replacing(SESBackend.__init__, sent_messages=Mails)
DynamoDBStreamsBackend.__init__ = replacing(DynamoDBStreamsBackend.__init__, shard_iterators=Latest)

if __name__ == "__main__":
    main()
