/** What one frame may take. Counted over all chunks that make it up. */
export interface FrameLimits {
  /** Octets of a whole frame, from its command to its NUL. */
  readonly maxFrameBytes: number;
  /** Header lines of a frame. */
  readonly maxHeaders: number;
  /** Octets of one header line. */
  readonly maxHeaderLineBytes: number;
}

/** In force until CONNECTED was sent: a stranger gets little room. */
export const LIMITS_BEFORE_LOGIN: FrameLimits = { maxFrameBytes: 64 * 1024, maxHeaders: 100, maxHeaderLineBytes: 10 * 1024 };

/** In force after CONNECTED, unless configured otherwise. */
export const LIMITS_AFTER_LOGIN: FrameLimits = { maxFrameBytes: 4 * 1024 * 1024, maxHeaders: 100, maxHeaderLineBytes: 10 * 1024 };
