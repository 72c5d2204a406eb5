"""Talks to a broker by stomp.py: stomp-py.py PORT VERSION QUEUE. Says each thing that worked; fails at the first that did not."""

import queue
import sys

import stomp

PORT, VERSION, DESTINATION = int(sys.argv[1]), sys.argv[2], sys.argv[3]
CONNECTIONS = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}
WAIT_SECONDS = 20


class Inboxes(stomp.ConnectionListener):
    def __init__(self):
        self.messages, self.receipts, self.errors = queue.Queue(), queue.Queue(), queue.Queue()
        self.disconnected = queue.Queue()

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame.headers["receipt-id"])

    def on_error(self, frame):
        self.errors.put(frame)

    def on_disconnected(self):
        self.disconnected.put(True)


def expect(step, got, wanted):
    if got != wanted:
        sys.exit("%s: expected %r, got %r" % (step, wanted, got))
    print("ok", step, flush=True)


def connect(auto_decode=True):
    # Bodies that are no text must not be decoded by the library.
    connection = CONNECTIONS[VERSION]([("127.0.0.1", PORT)], auto_decode=auto_decode)
    inboxes = Inboxes()
    connection.set_listener("", inboxes)
    connection.connect("guest", "guest", wait=True)
    return connection, inboxes


def settle(connection, verb, headers, **more):
    if VERSION == "1.2":
        getattr(connection, verb)(headers["ack"], **more)
    elif VERSION == "1.1":
        getattr(connection, verb)(headers["message-id"], headers["subscription"], **more)
    else:
        connection.ack(headers["message-id"], **more)


connection, inboxes = connect()
expect("connect", connection.is_connected(), True)

connection.subscribe(DESTINATION, id="1", ack="client-individual", headers={"receipt": "subscribed"})
expect("subscribe", inboxes.receipts.get(timeout=WAIT_SECONDS), "subscribed")

for step, body in (("send", "plain"), ("emoji", "Grüße, 🎉 и 鍵"), ("1 MiB", "0123456789abcdef" * 65536)):
    connection.send(DESTINATION, body.encode(), headers={"receipt": step})
    expect(step + " receipt", inboxes.receipts.get(timeout=WAIT_SECONDS), step)
    message = inboxes.messages.get(timeout=WAIT_SECONDS)
    expect(step, message.body, body)
    settle(connection, "ack", message.headers, receipt="acked")
    expect(step + " ack", inboxes.receipts.get(timeout=WAIT_SECONDS), "acked")

if VERSION != "1.0":
    connection.send(DESTINATION, "work")
    first = inboxes.messages.get(timeout=WAIT_SECONDS)
    settle(connection, "nack", first.headers)
    again = inboxes.messages.get(timeout=WAIT_SECONDS)
    expect("nack", (again.headers["message-id"], again.headers["redelivered"]), (first.headers["message-id"], "true"))
    settle(connection, "ack", again.headers)

for end in ("abort", "commit"):
    transaction = connection.begin()
    connection.send(DESTINATION, end, transaction=transaction)
    getattr(connection, end)(transaction)
message = inboxes.messages.get(timeout=WAIT_SECONDS)
expect("transaction", message.body, "commit")
settle(connection, "ack", message.headers)

octets, octet_inboxes = connect(auto_decode=False)
octets.subscribe(DESTINATION + ".octets", id="1")
octets.send(DESTINATION + ".octets", bytes(range(256)))
expect("octets", octet_inboxes.messages.get(timeout=WAIT_SECONDS).body, bytes(range(256)))
octets.disconnect()

connection.unsubscribe(DESTINATION if VERSION == "1.0" else "1")
connection.send("/nowhere", "x", headers={"receipt": "refused"})
expect("error", inboxes.errors.get(timeout=WAIT_SECONDS).headers["message"], "Unknown destination")

leaving, leaving_inboxes = connect()
leaving.disconnect(receipt="bye")
expect("disconnect", (leaving_inboxes.receipts.get(timeout=WAIT_SECONDS), leaving_inboxes.disconnected.get(timeout=WAIT_SECONDS)), ("bye", True))
