"""Two sides of a conversation by stomp.py: stomp-py-conventions.py PORT OTHER_PORT QUEUE. Says each thing that worked."""

import queue
import sys
import time

import stomp

PORT, OTHER_PORT, DESTINATION = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
WAIT_SECONDS = 20


class Inbox(stomp.ConnectionListener):
    def __init__(self):
        self.messages, self.receipts = queue.Queue(), queue.Queue()

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame.headers["receipt-id"])

    def on_error(self, frame):
        sys.exit("ERROR: %r" % (frame.headers,))


def connect(port):
    connection, inbox = stomp.Connection12([("127.0.0.1", port)]), Inbox()
    connection.set_listener("", inbox)
    connection.connect("guest", "guest", wait=True)
    return connection, inbox


def expect(step, got, wanted):
    if got != wanted:
        sys.exit("%s: expected %r, got %r" % (step, wanted, got))
    print("ok", step, flush=True)


one, answers = connect(PORT)
other, questions = connect(OTHER_PORT)

other.subscribe(DESTINATION, id="q", ack="client-individual", headers={"receipt": "subscribed"})
questions.receipts.get(timeout=WAIT_SECONDS)
one.send(DESTINATION, "question", headers={"reply-to": "/temp-queue/answers", "correlation-id": "7"})
question = questions.messages.get(timeout=WAIT_SECONDS)
other.send(question.headers["reply-to"], "answer", headers={"correlation-id": question.headers["correlation-id"]})
other.ack(question.headers["ack"])
answer = answers.messages.get(timeout=WAIT_SECONDS)
expect("rpc", (answer.body, answer.headers["correlation-id"]), ("answer", "7"))

one.send(DESTINATION, "poison")
first = questions.messages.get(timeout=WAIT_SECONDS)
nacked_at = time.monotonic()
other.nack(first.headers["ack"], delay="500")
again = questions.messages.get(timeout=WAIT_SECONDS)
expect("delayed redelivery", (again.headers["JMSXDeliveryCount"], time.monotonic() - nacked_at >= 0.5), ("2", True))

other.nack(again.headers["ack"], requeue="false", receipt="given-up")
questions.receipts.get(timeout=WAIT_SECONDS)
one.subscribe(DESTINATION.replace("/queue/", "/queue/DLQ."), id="d", ack="client-individual")
letter = answers.messages.get(timeout=WAIT_SECONDS)
expect("dead letter", (letter.body, letter.headers["original-destination"]), ("poison", DESTINATION))
one.nack(letter.headers["ack"])
one.unsubscribe("d")

other.unsubscribe("q")
one.send(DESTINATION, "resting", headers={"receipt": "stored"})
answers.receipts.get(timeout=WAIT_SECONDS)
other.subscribe(DESTINATION, id="b", headers={"browser": "true"})
copy = questions.messages.get(timeout=WAIT_SECONDS)
end = questions.messages.get(timeout=WAIT_SECONDS)
expect("browse", (copy.body, end.headers.get("browser")), ("resting", "end"))
