/**
 * Every header name that has a meaning here, once. Names of RabbitMQ, ActiveMQ, Artemis and Spring stand beside STOMP's
 * own, since their clients connect unchanged. A key is the name itself in camel case; a name that is an identifier
 * already is its own key.
 */
export const HEADER = {
  // Any frame
  contentLength: 'content-length',
  contentType: 'content-type',
  receipt: 'receipt',
  receiptId: 'receipt-id',
  /** Ours, on the RECEIPT of a SEND that was not published because it was a repeat. */
  xDuplicate: 'x-duplicate',
  transaction: 'transaction',
  destination: 'destination',

  // CONNECT, STOMP
  acceptVersion: 'accept-version',
  host: 'host',
  login: 'login',
  passcode: 'passcode',
  heartBeat: 'heart-beat',
  /** ActiveMQ, Artemis: half of a durable subscription's identity. */
  clientId: 'client-id',
  activemqClientId: 'activemq.client-id',
  /** ActiveMQ: echoed on CONNECTED as `response-id`. */
  requestId: 'request-id',
  responseId: 'response-id',
  Authorization: 'Authorization',
  /** Ours: a refused SEND or SUBSCRIBE answers on `/user/queue/errors` instead of ending the session. */
  xSoftErrors: 'x-soft-errors',

  // CONNECTED
  version: 'version',
  session: 'session',
  server: 'server',
  userName: 'user-name',

  // ERROR (with `version`, `receipt-id`)
  message: 'message',
  code: 'code',

  // SUBSCRIBE, UNSUBSCRIBE
  id: 'id',
  ack: 'ack',
  selector: 'selector',
  prefetchCount: 'prefetch-count',
  activemqPrefetchSize: 'activemq.prefetchSize',
  /** Artemis: credit in octets. */
  consumerWindowSize: 'consumer-window-size',
  durable: 'durable',
  autoDelete: 'auto-delete',
  exclusive: 'exclusive',
  activemqExclusive: 'activemq.exclusive',
  xSingleActiveConsumer: 'x-single-active-consumer',
  activemqSubscriptionName: 'activemq.subscriptionName',
  durableSubscriptionName: 'durable-subscription-name',
  durableSubscriberName: 'durable-subscriber-name',
  subscriptionType: 'subscription-type',
  xQueueName: 'x-queue-name',
  xGroup: 'x-group',
  noLocal: 'no-local',
  activemqNoLocal: 'activemq.noLocal',
  xEcho: 'x-echo',
  xPriority: 'x-priority',
  xDeliveryLimit: 'x-delivery-limit',
  /** Ours: ms. */
  xAckTimeout: 'x-ack-timeout',
  activemqPriority: 'activemq.priority',
  browser: 'browser',
  activemqRetroactive: 'activemq.retroactive',
  activemqMaximumPendingMessageLimit: 'activemq.maximumPendingMessageLimit',
  activemqDispatchAsync: 'activemq.dispatchAsync',
  xStreamOffset: 'x-stream-offset',
  xStreamEpoch: 'x-stream-epoch',
  xRecover: 'x-recover',
  xRecovered: 'x-recovered',
  xRewind: 'x-rewind',
  xPresence: 'x-presence',

  // SEND
  persistent: 'persistent',
  priority: 'priority',
  /** Moment, ms since the epoch, 0 = never: ActiveMQ, Artemis. */
  expires: 'expires',
  /** Duration in ms: RabbitMQ. */
  expiration: 'expiration',
  JMSTimeToLive: 'JMSTimeToLive',
  AMQ_SCHEDULED_DELAY: 'AMQ_SCHEDULED_DELAY',
  AMQ_SCHEDULED_TIME: 'AMQ_SCHEDULED_TIME',
  AMQ_SCHEDULED_PERIOD: 'AMQ_SCHEDULED_PERIOD',
  AMQ_SCHEDULED_REPEAT: 'AMQ_SCHEDULED_REPEAT',
  AMQ_SCHEDULED_CRON: 'AMQ_SCHEDULED_CRON',
  _AMQ_SCHED_DELIVERY: '_AMQ_SCHED_DELIVERY',
  xDelay: 'x-delay',
  /** ActiveMQ: on what was sent by a schedule, the id of the SEND that asked for it. */
  scheduledJobId: 'scheduledJobId',
  replyTo: 'reply-to',
  correlationId: 'correlation-id',
  type: 'type',
  contentEncoding: 'content-encoding',
  appId: 'app-id',
  userId: 'user-id',
  amqpMessageId: 'amqp-message-id',
  destinationType: 'destination-type',
  JMSXGroupID: 'JMSXGroupID',
  JMSXGroupSeq: 'JMSXGroupSeq',
  _AMQ_GROUP_ID: '_AMQ_GROUP_ID',
  xPartitionKey: 'x-partition-key',
  _AMQ_DUPL_ID: '_AMQ_DUPL_ID',
  xDedupId: 'x-dedup-id',
  idempotencyKey: 'idempotency-key',
  /** Memphis */
  msgId: 'msg-id',
  _AMQ_LVQ_NAME: '_AMQ_LVQ_NAME',

  // MESSAGE
  messageId: 'message-id',
  subscription: 'subscription',
  redelivered: 'redelivered',
  timestamp: 'timestamp',
  JMSXDeliveryCount: 'JMSXDeliveryCount',
  xDeliveryCount: 'x-delivery-count',
  JMSXUserID: 'JMSXUserID',
  JMSXGroupFirstForConsumer: 'JMSXGroupFirstForConsumer',
  /** ActiveMQ, on advisories; the spelling is theirs. */
  originBrokerId: 'originBrokerId',
  originBrokerName: 'originBrokerName',
  consumerId: 'consumerId',
  consumerCount: 'consumerCount',
  orignalMessageId: 'orignalMessageId',
  usageName: 'usageName',
  /** Ours: how many messages were dropped for this subscription before this one. */
  xDropped: 'x-dropped',
  /** Ours: messages before this one were lost and cannot be recovered. */
  xGap: 'x-gap',

  // ACK, NACK
  requeue: 'requeue',
  /** Ours: gives the message up. */
  deadLetter: 'dead-letter',
  /** Ours: ms until it may be delivered again. */
  delay: 'delay',
  /** Ours: why, in the client's words. */
  reason: 'reason',

  // Dead letters and moved messages
  originalDestination: 'original-destination',
  xFirstDeathQueue: 'x-first-death-queue',
  xFirstDeathReason: 'x-first-death-reason',
  xFirstDeathExchange: 'x-first-death-exchange',
  xLastDeathQueue: 'x-last-death-queue',
  xLastDeathReason: 'x-last-death-reason',
  xLastDeathExchange: 'x-last-death-exchange',
  _AMQ_ORIG_ADDRESS: '_AMQ_ORIG_ADDRESS',
  _AMQ_ORIG_QUEUE: '_AMQ_ORIG_QUEUE',
  _AMQ_ORIG_MESSAGE_ID: '_AMQ_ORIG_MESSAGE_ID',
  _AMQ_ACTUAL_EXPIRY: '_AMQ_ACTUAL_EXPIRY',
  dlqDeliveryFailureCause: 'dlqDeliveryFailureCause',
} as const;
