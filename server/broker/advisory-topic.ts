/**
 * Topics on which the broker tells what happens in it, by ActiveMQ's names; `/advisory/…` is our short form of them. They
 * are no part of `/topic/`: no wildcard there reaches them, and rights to them are asked by the short form.
 */
export const ADVISORY_TOPIC_PREFIX = 'ActiveMQ.Advisory.';

/** What their canonical texts begin with. */
export const ADVISORY_PREFIX = '/advisory/';

export const isAdvisoryTopic = (topic: string): boolean => topic.startsWith(ADVISORY_TOPIC_PREFIX);
