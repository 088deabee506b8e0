// The few icons: 16 px line drawings in the colour of the text. They never stand without a word or a label.

const PATHS = {
  hosts: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01M8 5h3M8 11h3',
  query: 'M2.5 4.5 6 8l-3.500 3.500M7.500 12h6',
  menu: 'M2.5 4.500h11M2.500 8h11M2.500 11.500h11',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM10.300 10.300l3.200 3.200',
  close: 'm4 4 8 8M12 4l-8 8',
  fold: 'M9.500 4.500 6 8l3.500 3.500M3 3v10',
  unfold: 'M6.500 4.500 10 8l-3.500 3.500M13 3v10',
  down: 'm4.500 6.500 3.500 3.500 3.500-3.500',
  right: 'm6.500 4.500 3.500 3.500-3.500 3.500',
  copy: 'M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8z',
  check: 'm3 8.500 3.500 3.500 6.500-7.500',
  person:
    'M8 8a2.750 2.750 0 1 0 0-5.500A2.750 2.750 0 0 0 8 8zM2.750 13.500c.5-2.500 2.500-3.750 5.250-3.750s4.750 1.250 5.250 3.750',
  columns: 'M2.500 3h11v10h-11zM9.500 3v10M11.500 6h.01M11.500 8.500h.01',
  retry: 'M13 8a5 5 0 1 1-1.500-3.500L13 6M13 2.500V6H9.500',
  play: 'M5 3.250v9.500L12.500 8z',
  stop: 'M4 4h8v8H4z',
  plus: 'M8 3v10M3 8h10',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const filled = name === 'play' || name === 'stop';
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill={filled ? 'currentColor' : 'none'}
      stroke="currentColor"
      strokeWidth={filled ? 0 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className="icon"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
