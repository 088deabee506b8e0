// Text from a host: only text, isolated from its surroundings, with hidden characters made visible.
import { Fragment } from 'react';
import { pieces } from '../text/visible';

export function Txt({ value }: { value: string }) {
  const parts = pieces(value);
  if (parts.length === 1 && !parts[0]!.code) return <bdi>{value}</bdi>;
  return (
    <bdi>
      {parts.map((part, index) =>
        part.code ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text have no other identity
          <span key={index} className="ctl" title={part.code}>
            {part.text}
          </span>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <Fragment key={index}>{part.text}</Fragment>
        ),
      )}
    </bdi>
  );
}
