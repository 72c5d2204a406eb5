/** Where a broker under test listens and what it speaks: all that the load generator knows about it. */
export interface Target {
  readonly host: string;
  /** Of each node; clients are dealt out to them in turn. */
  readonly ports: readonly number[];
  /** Path and sub-protocol of the WebSocket upgrade. */
  readonly path: string;
  readonly subprotocol?: string;
  readonly protocol: 'stomp' | 'nats';
  /** The broker's processes, one a node, whose trees are measured. */
  readonly pids: readonly number[];
  /** The process of the store that the nodes share, measured apart and together with them. */
  readonly storePid?: number;
  /** How many copies of its own topic message a sender gets back: stomp-broker-js gives it none. */
  readonly echoes: 0 | 1;
  /**
   * Whether a SUBSCRIBE's `receipt` is answered. stomp-broker-js answers none but DISCONNECT's; a second CONNECT right
   * behind the SUBSCRIBE, which it does answer, serves as a fence there.
   */
  readonly confirmsSubscribe: boolean;
}
