// Text that a host sent is only ever shown as text, and what would hide or reorder it is made visible.

/** Controls, zero-width and bidirectional characters, line separators, and the byte order mark. */
const HIDDEN = /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

const NAMES: Record<number, string> = {
  0: 'NUL',
  7: 'BEL',
  8: 'BS',
  9: '⇥',
  10: '⏎',
  13: '␍',
  27: 'ESC',
  127: 'DEL',
  8203: 'ZWSP',
  8205: 'ZWJ',
  8206: 'LRM',
  8207: 'RLM',
  8234: 'LRE',
  8235: 'RLE',
  8236: 'PDF',
  8237: 'LRO',
  8238: 'RLO',
  8294: 'LRI',
  8295: 'RLI',
  8296: 'FSI',
  8297: 'PDI',
  65279: 'BOM',
};

export interface Piece {
  text: string;
  /** The code point ("U+202E") when this piece stands for one hidden character. */
  code?: string;
}

/** Splits text into plain pieces and marks for hidden characters. Text without any gives one plain piece. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > from) out.push({ text: text.slice(from, match.index) });
    const point = match[0].codePointAt(0)!;
    const code = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
    out.push({ text: NAMES[point] ?? code, code });
    from = match.index + match[0].length;
  }
  if (from < text.length || out.length === 0) out.push({ text: text.slice(from) });
  return out;
}

/** The same as one plain string, for titles and labels. */
export const visible = (text: string): string =>
  pieces(text)
    .map((piece) => (piece.code ? `⟨${piece.text}⟩` : piece.text))
    .join('');

const WHOLE = /^(?:[~/]|[A-Za-z]:\\|[0-9a-f]{32,}$|[0-9a-f]{8}-[0-9a-f]{4}-)/i;

/** Whether the end of a value says as much as its beginning: paths, hashes, UUIDs. */
export const endMatters = (text: string): boolean => WHOLE.test(text);

/** Shortens text to `width` characters by leaving out the middle; for a path the file name is kept whole if it fits. */
export function middle(text: string, width: number): string {
  const chars = Array.from(text);
  if (chars.length <= width) return text;
  if (width <= 1) return '…';
  const slash = text.lastIndexOf('/');
  const name = slash > 0 ? Array.from(text.slice(slash)).length : 0;
  const half = Math.floor((width - 1) / 2);
  const tail = name > half && name <= width - 4 ? name : half;
  return `${chars.slice(0, width - 1 - tail).join('')}…${chars.slice(chars.length - tail).join('')}`;
}
