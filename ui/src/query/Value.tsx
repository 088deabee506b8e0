// A value in a cell: NULL told from the empty string, hidden characters visible, paths and hashes cut in the middle.
import type { Cell } from '../api/types';
import { Txt } from '../parts/Txt';
import { endMatters, middle } from '../text/visible';

const LONGEST = 2_000;

export function Value({ value, room }: { value: Cell; room: number }) {
  if (value === null) return <span className="null">NULL</span>;
  const text = String(value);
  if (text.length > room && endMatters(text)) return <Txt value={middle(text, room)} />;
  // A cell never needs more than fits into it; a megabyte in one would only slow the page.
  return <Txt value={text.length > LONGEST ? text.slice(0, LONGEST) : text} />;
}
