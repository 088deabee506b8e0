// The mark: a lead on its line, under the water.

export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path
        d="M2 7c1.700 0 1.700-1.600 3.400-1.600S7 7 8.700 7s1.700-1.600 3.300-1.600S13.700 7 15.300 7s1.700-1.600 3.300-1.600S20.300 7 22 7"
        strokeWidth="1.600"
        opacity="0.55"
      />
      <path d="M12 1.500V14" strokeWidth="1.600" />
      <path d="M12 12.500l3.600 4.500L12 23l-3.600-6z" fill="currentColor" strokeWidth="1" strokeLinejoin="round" />
    </svg>
  );
}
