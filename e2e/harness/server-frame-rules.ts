import type { StompVersion } from './client-frame.ts';
import { WireViolation, type ServerFrame } from './server-frame.ts';

const COMMANDS = ['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR'] as const;
const ESCAPED: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\c': ':', '\\r': '\r' };
/** A header that stands at most once, since clients would disagree which one counts. */
const SINGLE = ['destination', 'message-id', 'subscription', 'ack', 'content-length', 'receipt-id', 'redelivered', 'message', 'version'];

/**
 * Takes one whole frame of a server apart and throws where it breaks a rule. `version` is undefined until CONNECTED:
 * an ERROR may come then, and must be readable by a client of any version.
 */
export function judgeFrame(octets: Buffer, version: StompVersion | undefined, isBinary: boolean): ServerFrame {
  const refuse = (rule: string): never => {
    throw new WireViolation(rule, octets);
  };
  const blank = octets.indexOf('\n\n');
  const [word = '', ...lines] = octets.subarray(0, blank).toString('utf8').split('\n');
  const command = COMMANDS.find((known) => known === word) ?? refuse('M11: a server sends CONNECTED, MESSAGE, RECEIPT, ERROR and EOLs');
  const body = octets.subarray(blank + 2, octets.length - 1);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) refuse('F6 F7: a header line is name:value');
    if (line.includes('\r')) refuse('F1: no CR leaves the server');
    const name = read(line.slice(0, colon), command, version, refuse);
    const value = read(line.slice(colon + 1), command, version, refuse);
    if (value === '' && version === '1.0') refuse('F8: no empty header value goes to a 1.0 client');
    if (name in headers) {
      if (SINGLE.includes(name)) refuse(`F18: ${name} stands once`);
      continue;
    }
    headers[name] = value;
  }
  judgeBody(command, headers, body, refuse);
  judgeHeaders(command, headers, body, refuse);
  return { command, headers, lines, body, text: body.toString('utf8'), isBinary, arrivedAt: performance.now() };
}

/** Unescapes one header text; escapes that the version does not know, and octets that it must escape, are refused. */
function read(text: string, command: string, version: StompVersion | undefined, refuse: (rule: string) => never): string {
  if (command === 'CONNECTED' || version === '1.0' || version === undefined) return text;
  if (text.includes(':')) refuse('E2: a colon in a header is escaped');
  return text.replace(/\\.?/gs, (escape) => {
    if (escape === '\\r' && version === '1.1') refuse('E3: 1.1 knows no escaped CR');
    return ESCAPED[escape] ?? refuse('E4: no undefined escape leaves the server');
  });
}

function judgeBody(command: string, headers: Readonly<Record<string, string>>, body: Buffer, refuse: (rule: string) => never): void {
  if ((command === 'CONNECTED' || command === 'RECEIPT') && body.length > 0) refuse('F16: CONNECTED and RECEIPT have no body');
  const stated = headers['content-length'];
  if (stated === undefined && (command === 'MESSAGE' || body.length > 0)) refuse('M5: content-length always');
  if (stated !== undefined && stated !== String(body.length)) refuse('M5: content-length counts the octets of the body');
}

function judgeHeaders(
  command: ServerFrame['command'],
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  refuse: (rule: string) => never,
): void {
  const need = (...names: string[]): void => {
    for (const name of names) if (!headers[name]) refuse(`${command} needs ${name}`);
  };
  if (command === 'CONNECTED') need('version', 'session', 'server', 'heart-beat');
  if (command === 'RECEIPT' && headers['receipt-id'] === undefined) refuse('M7: RECEIPT needs receipt-id');
  if (command === 'MESSAGE') {
    need('destination', 'message-id', 'timestamp');
    if (!/^(true|false)$/.test(headers['redelivered'] ?? '')) refuse('MESSAGE says redelivered:true or false');
    if ('receipt' in headers || 'transaction' in headers) refuse('S5: receipt and transaction never reach a MESSAGE');
    if ('ack' in headers) need('JMSXDeliveryCount');
  }
  if (command === 'ERROR') {
    need('message', 'code');
    if (/[\r\n]/.test(headers['message'] ?? '')) refuse('M10: the message of an ERROR is one line');
    if (body.length > 0 && headers['content-type'] !== 'text/plain') refuse('M9: the body of an ERROR is text/plain');
    if (/^\s+at .*:\d+/m.test(body.toString('utf8'))) refuse('M10: no stack trace leaves the server');
  }
}
