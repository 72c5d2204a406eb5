/**
 * What is wrong with a frame, as a value that becomes an ERROR frame. `message` is the short header text (RabbitMQ's,
 * where it has one, since clients match on it), `code` names the precise cause for programs, `detail` says for people
 * what was expected, what came, and where.
 */
export interface ProtocolError {
  readonly message: string;
  readonly code: string;
  readonly detail: string;
}
