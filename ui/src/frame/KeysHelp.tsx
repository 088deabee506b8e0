// The keys that work on this page now.
import { Fragment } from 'react';
import { bindings } from '../keys';
import { Dialog } from '../parts/Dialog';
import classes from './Frame.module.css';
import own from './KeysHelp.module.css';

const ALWAYS: [string, string][] = [
  ['Ctrl K', 'Find a page, host or table'],
  ['Esc', 'Close what is open'],
];

export function KeysHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const rows: [string, string][] = opened
    ? [...ALWAYS, ...bindings().map(({ keys, does }): [string, string] => [keys, does])]
    : [];
  return (
    <Dialog opened={opened} onClose={onClose} title="Keys on this page">
      <dl className={own.list}>
        {rows.map(([keys, does]) => (
          <div key={keys} className={own.row}>
            <dt>
              {keys.split(' ').map((key, index) => (
                <Fragment key={key}>
                  {index > 0 && ' '}
                  <kbd className={classes.kbd}>{key}</kbd>
                </Fragment>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
