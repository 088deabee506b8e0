// Errors and remarks, the same ones of many hosts together, with what can be done about them.
import { Button } from '@mantine/core';
import { Link } from 'wouter';
import { Shape, stateWord } from '../parts/Status';
import { Txt } from '../parts/Txt';
import { plural } from '../text/format';
import type { Diagnosis } from './diagnose';
import classes from './Results.module.css';
import type { Message } from './rows';

export interface MessageGroup {
  state: string;
  text: string;
  hosts: Message['host'][];
}

export function group(messages: Message[]): MessageGroup[] {
  const groups = new Map<string, MessageGroup>();
  for (const { state, text, host } of messages) {
    const key = `${state} ${text}`;
    const known = groups.get(key);
    if (known) known.hosts.push(host);
    else groups.set(key, { state, text, hosts: [host] });
  }
  return [...groups.values()].sort((a, b) => b.hosts.length - a.hosts.length);
}

const NAMED = 5;

interface Props {
  groups: MessageGroup[];
  explain: (text: string) => Diagnosis | undefined;
  onFix: (found: Diagnosis) => void;
}

export function MessagesTab({ groups, explain, onFix }: Props) {
  if (groups.length === 0) return <p className={classes.none}>No host had anything to report.</p>;
  return (
    <ul className={classes.messages} aria-label="Messages">
      {groups.map((entry) => {
        const found = entry.state === 'failed' ? explain(entry.text) : undefined;
        const rest = entry.hosts.length - NAMED;
        return (
          <li key={`${entry.state} ${entry.text}`}>
            <Shape state={entry.state} />
            <div>
              <p className={classes.message}>
                <span className="sr">{stateWord(entry.state)}: </span>
                <Txt value={entry.text} />
              </p>
              {found && (
                <p className={classes.advice}>
                  {found.text}{' '}
                  {found.fix && (
                    <Button variant="light" onClick={() => onFix(found)}>
                      Use {found.fix}
                    </Button>
                  )}
                </p>
              )}
              <p className={classes.where}>
                {plural(entry.hosts.length, 'host')}:{' '}
                {entry.hosts.slice(0, NAMED).map((host, index) => (
                  <span key={host.id}>
                    {index > 0 && ', '}
                    <Link to={`/hosts/${host.id}`}>
                      <Txt value={host.display_name || host.hostname} />
                    </Link>
                  </span>
                ))}
                {rest > 0 && ` and ${rest} more`}
              </p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
