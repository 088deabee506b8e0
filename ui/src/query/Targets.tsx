// Whom the question goes to, in a line under the editor, and the picker that changes it.
import { Button, Popover, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { FLEET, get } from '../api/client';
import type { Host } from '../api/types';
import { useHostCount, useHostSummary, useHosts } from '../api/use';
import { Icon } from '../parts/Icon';
import { Shape, stateWord } from '../parts/Status';
import { Txt } from '../parts/Txt';
import { count, plural } from '../text/format';
import { visible } from '../text/visible';
import type { Draft } from './draft';
import classes from './Targets.module.css';

const NAMED = 6;

interface Props {
  targets: Draft['targets'];
  onChange: (targets: Draft['targets']) => void;
}

const nameOf = (host: Host): string => host.display_name || host.hostname || host.uuid;

/** The chosen hosts that the line names; the rest are only counted. */
function useNamed(ids: number[]): Map<number, Host> {
  const answers = useQueries({
    queries: ids.slice(0, NAMED).map((id) => ({
      queryKey: ['hosts', 'one', id],
      queryFn: () => get<{ host: Host }>(`${FLEET}/hosts/${id}`),
      staleTime: 30_000,
    })),
  });
  const named = new Map<number, Host>();
  for (const { data } of answers) if (data) named.set(data.host.id, data.host);
  return named;
}

function Picker({ targets, onChange }: Props) {
  const [text, setText] = useState('');
  const [late] = useDebouncedValue(text.trim(), 150);
  const filter = {
    query: late,
    status: '',
    order_key: 'display_name',
    order_direction: 'asc' as const,
    page: 0,
    per_page: 50,
  };
  const hosts = useHosts(filter);
  const total = useHostCount({ query: late, status: '' });
  const chosen = new Set(targets === 'all' ? [] : targets);
  const toggle = (id: number): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChange([...next]);
  };
  const rows = hosts.data?.hosts ?? [];
  const more = (total.data?.count ?? 0) - rows.length;
  return (
    <div className={classes.picker}>
      <TextInput
        data-autofocus
        size="xs"
        type="search"
        aria-label="Search hosts to ask"
        placeholder="Name, serial, UUID or address"
        leftSection={<Icon name="search" size={14} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <ul>
        <li>
          <label>
            <input
              type="checkbox"
              checked={targets === 'all'}
              onChange={(event) => onChange(event.target.checked ? 'all' : [])}
            />
            <b>All hosts</b>
          </label>
        </li>
        {rows.map((host) => (
          <li key={host.id}>
            <label>
              <input type="checkbox" checked={chosen.has(host.id)} onChange={() => toggle(host.id)} />
              <Shape state={host.status} />
              <span className="sr">{stateWord(host.status)}</span>
              <span className={classes.name}>
                <Txt value={nameOf(host)} />
              </span>
              <span className={classes.os}>
                <Txt value={host.os_version} />
              </span>
            </label>
          </li>
        ))}
      </ul>
      {hosts.data && rows.length === 0 && <p className={classes.note}>No host matches.</p>}
      {more > 0 && <p className={classes.note}>{plural(more, 'more host')}. Search to narrow the list.</p>}
    </div>
  );
}

export function Targets({ targets, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const summary = useHostSummary();
  const ids = targets === 'all' ? [] : targets;
  const named = useNamed(ids);
  const online = ids.slice(0, NAMED).filter((id) => named.get(id)?.status === 'online').length;
  return (
    <fieldset className={classes.line} aria-label="Targets">
      {targets === 'all' && (
        <span className={classes.sum}>
          <b>All hosts</b>
          {summary.data && (
            <span className={classes.online}>
              <Shape state="online" />
              {count(summary.data.online_count)} online of {count(summary.data.totals_hosts_count)}
            </span>
          )}
        </span>
      )}
      {targets !== 'all' && ids.length === 0 && <span className={classes.sum}>No host chosen</span>}
      {ids.length > 0 && (
        <span className={classes.sum}>
          <b>{plural(ids.length, 'host')}</b>
          {ids.length <= NAMED && named.size === ids.length && (
            <span className={classes.online}>
              <Shape state={online > 0 ? 'online' : 'offline'} />
              {online} online
            </span>
          )}
        </span>
      )}
      {ids.slice(0, NAMED).map((id) => {
        const host = named.get(id);
        const name = host ? nameOf(host) : `host ${id}`;
        return (
          <button
            key={id}
            type="button"
            className={classes.chip}
            aria-label={`Do not ask ${visible(name)}`}
            onClick={() => onChange(ids.filter((one) => one !== id))}
          >
            {host && <Shape state={host.status} />}
            <span>
              <Txt value={name} />
            </span>
            <Icon name="close" size={12} />
          </button>
        );
      })}
      {ids.length > NAMED && <span className="dim">and {count(ids.length - NAMED)} more</span>}
      <Popover opened={open} onChange={setOpen} position="bottom-start" width={420} trapFocus returnFocus>
        <Popover.Target>
          <Button variant="subtle" rightSection={<Icon name="down" size={12} />} onClick={() => setOpen(!open)}>
            Choose hosts
          </Button>
        </Popover.Target>
        <Popover.Dropdown p={0} aria-label="Choose hosts">
          <Picker targets={targets} onChange={onChange} />
        </Popover.Dropdown>
      </Popover>
    </fieldset>
  );
}
