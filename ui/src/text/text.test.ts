import { describe, expect, it } from 'vitest';
import { bytes, count, duration, exact, moment, plural, relative } from './format';
import { endMatters, middle, pieces, visible } from './visible';

describe('text from a host', () => {
  it('is one piece when nothing hides in it', () => {
    expect(pieces('/usr/bin/bash')).toEqual([{ text: '/usr/bin/bash' }]);
    expect(pieces('')).toEqual([{ text: '' }]);
    expect(pieces('名前 🙂')).toEqual([{ text: '名前 🙂' }]);
  });

  it('shows bidirectional overrides and control characters', () => {
    expect(pieces('gpj\u202eexe')).toEqual([{ text: 'gpj' }, { text: 'RLO', code: 'U+202E' }, { text: 'exe' }]);
    expect(visible('a\u0000b\n\u200b')).toBe('a⟨NUL⟩b⟨⏎⟩⟨ZWSP⟩');
    expect(pieces('\u0085')).toEqual([{ text: 'U+0085', code: 'U+0085' }]);
  });

  it('loses its middle and keeps the file name', () => {
    expect(middle('/short', 20)).toBe('/short');
    const cut = middle('/usr/share/very/long/way/to/python3.11', 24);
    expect(cut).toBe('/usr/share/v…/python3.11');
    expect(cut).toHaveLength(24);
    expect(middle('0123456789abcdef', 9)).toBe('0123…cdef');
    expect(middle('abc', 1)).toBe('…');
  });

  it('knows which values end with what matters', () => {
    expect(endMatters('/etc/passwd')).toBe(true);
    expect(endMatters('d41d8cd98f00b204e9800998ecf8427e')).toBe(true);
    expect(endMatters('a plain sentence')).toBe(false);
  });
});

describe('numbers', () => {
  it('have separators, units and plurals', () => {
    expect(count(1204)).toBe('1,204');
    expect(plural(1, 'host')).toBe('1 host');
    expect(plural(2000, 'host')).toBe('2,000 hosts');
    expect(bytes(0)).toBe('0 B');
    expect(bytes(1536)).toBe('1.5 KiB');
    expect(bytes(25_769_803_776)).toBe('24 GiB');
  });

  it('of seconds become durations', () => {
    expect(duration(0)).toBe('0 s');
    expect(duration(59)).toBe('59 s');
    expect(duration(125)).toBe('2 min');
    expect(duration(3 * 86_400 + 4 * 3_600 + 59)).toBe('3 d 4 h');
  });
});

describe('times', () => {
  const now = new Date('2026-08-01T12:00:00Z');

  it('are relative, with the exact one beside', () => {
    expect(relative(new Date('2026-08-01T11:59:58Z'), now)).toBe('just now');
    expect(relative(new Date('2026-08-01T11:56:00Z'), now)).toBe('4 min ago');
    expect(relative(new Date('2026-08-01T15:00:00Z'), now)).toBe('in 3 h');
    expect(exact(now, 'utc')).toBe('2026-08-01 12:00:00 UTC');
  });

  it('are null when the server means never', () => {
    expect(moment('0001-01-01T00:00:00Z')).toBeNull();
    expect(moment('2000-01-01T00:00:00Z')).toBeNull();
    expect(moment(null)).toBeNull();
    expect(moment('2026-08-01T12:00:00Z')).toEqual(now);
  });
});
