/** Bodies that clients get wrong first. */
export const EMOJI = 'Grüße, 🎉 и 鍵 — ça va?';
export const OCTETS = Uint8Array.from({ length: 512 }, (_, i) => i % 256);
/** 1 MiB of text that is the same nowhere twice, so that a lost or doubled piece shows. */
export const ONE_MIB = Array.from({ length: 131_072 }, (_, i) => i.toString(36).padStart(7, '-') + ' ').join('');
