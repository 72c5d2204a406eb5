/** `true` and `false` in any case (stomp.py writes `True`); undefined when missing or neither. */
export function parseBoolean(text: string | undefined): boolean | undefined {
  switch (text?.trim().toLowerCase()) {
    case 'true':
      return true;
    case 'false':
      return false;
    default:
      return undefined;
  }
}
