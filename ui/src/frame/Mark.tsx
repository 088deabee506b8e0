// The mark: a lead on its line, with the fathoms marked.

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
      <path d="M12 1.5v9.500" strokeWidth="1.600" />
      <path d="M12 3.500h4.500M12 7h3" strokeWidth="1.600" />
      <path
        d="M10.600 10.500h2.800c.4 0 .7.2.8.6l1.900 9.900c.2.800-.4 1.500-1.200 1.500H9.100c-.8 0-1.400-.7-1.200-1.500l1.900-9.900c.1-.4.4-.6.8-.6z"
        fill="currentColor"
        stroke="none"
      />
    </svg>
  );
}
