// The mark: a lead on its line, with the fathoms marked.

export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeLinecap="round" aria-hidden="true">
      <path d="M12 1.500v11" strokeWidth="1.600" />
      <path d="M9.200 4.500h5.600M9.200 8h5.600" strokeWidth="1.400" opacity="0.6" />
      <path d="M12 11.800c2.200 1.700 3.400 3.900 3.400 6.100 0 2.700-1.400 4.600-3.400 4.600s-3.400-1.900-3.400-4.600c0-2.200 1.200-4.400 3.400-6.100z" fill="currentColor" stroke="none" />
    </svg>
  );
}
