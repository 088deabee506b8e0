// Numbers, sizes, durations and times as people read them; the exact value goes into a title.

const COUNT = new Intl.NumberFormat('en-US');

export const count = (value: number): string => COUNT.format(value);

/** "1 host", "1,204 hosts". */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytes(value: number): string {
  let unit = 0;
  let rest = value;
  while (rest >= 1024 && unit < UNITS.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && rest < 10 ? 1 : 0;
  return `${rest.toFixed(digits)} ${UNITS[unit]}`;
}

const STEPS: [string, number][] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
];

/** Seconds as the two largest units: "3 d 4 h", "12 min", "0 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const first = STEPS.findIndex(([, size]) => whole >= size);
  if (first < 0) return '0 s';
  const [unit, size] = STEPS[first]!;
  const head = `${Math.floor(whole / size)} ${unit}`;
  const next = STEPS[first + 1];
  const rest = next ? Math.floor((whole % size) / next[1]) : 0;
  return next && rest > 0 && unit !== 'min' ? `${head} ${rest} ${next[0]}` : head;
}

/** How long ago, or from now: "just now", "4 min ago", "in 3 h". */
export function relative(then: Date, now: Date): string {
  const seconds = (now.getTime() - then.getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size < 5) return 'just now';
  const [unit, step] = STEPS.find(([, length]) => size >= length)!;
  const text = `${Math.floor(size / step)} ${unit}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** "2026-08-01 14:03:09 UTC", or the same in the browser's zone with its offset. */
export function exact(time: Date, zone: 'utc' | 'local'): string {
  if (zone === 'utc') return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const offset = -time.getTimezoneOffset();
  const sign = offset < 0 ? '−' : '+';
  const hours = `${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${sign}${hours}`;
}

/** A time from the server, or null for the ways in which Fleet says "never". */
export function moment(text: string | null | undefined): Date | null {
  if (!text || text.startsWith('0001-') || text.startsWith('2000-01-01T00:00:00')) return null;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}
